#pragma once

#include <openssl/ssl.h>

#include "tls/client.h"
#include "tls/turn_bio.h"

namespace gate::tls {

// The library's objects behind a ClientContext.
class ClientContext::Impl {
 public:
  explicit Impl(const base::Clock& now) : clock(now) {}

  bssl::UniquePtr<SSL> make_ssl(const ClientTarget& target) const;

  const base::Clock& clock;
  const cert::Roots* roots = nullptr;
  KeyLog key_log;
  TurnBio bio;
  bssl::UniquePtr<SSL_CTX> ctx;
};

}  // namespace gate::tls

#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "base/ip.h"
#include "tls/client.h"
#include "tls/facts.h"
#include "tls/server_context.h"

namespace gate::tls {

class QuicHandshake;

// What the library's callbacks need to know of the connection they are called for. A server's is freed when the
// handshake ends; a client's lives as long as the engine, for tickets come after the handshake.
struct Negotiation {
  explicit Negotiation(Facts& kept) : facts(kept) {}

  Facts& facts;
  ServerContext::Impl* server = nullptr;
  const ClientContext::Impl* client = nullptr;
  QuicHandshake* quic = nullptr;  // whose handshake it is, where QUIC carries it

  const base::Clock* clock = nullptr;

  // Server.
  base::IpAddress local_address;
  std::uint16_t version_offered = 0;  // the client's highest; zero until its ClientHello was read
  bool proves_name = false;           // answers a challenge instead of serving a site
  bool may_wait = false;              // for a certificate that is being got
  bool waits = false;                 // does so

  // Client.
  std::string server_name;
  std::unique_ptr<Session> session;

  std::optional<base::Instant> started;
  std::optional<base::Error> refusal;  // why a callback of ours ended the handshake
};

// The negotiation is attached to the library's object for as long as callbacks may come.
inline void attach(SSL* ssl, Negotiation* negotiation) { SSL_set_app_data(ssl, negotiation); }
inline Negotiation* negotiation_of(const SSL* ssl) { return static_cast<Negotiation*>(SSL_get_app_data(ssl)); }

}  // namespace gate::tls

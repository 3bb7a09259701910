#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cert/credential.h"
#include "cert/verify.h"
#include "tls/server_context.h"

struct ssl_session_st;

namespace gate::tls {

// What a client demands and offers. The defaults are those of a careful client.
struct ClientSettings {
  // Roots to judge the server by; null accepts any certificate, which only tests, load generators and scanners do.
  const cert::Roots* roots = nullptr;  // outlives the context

  const cert::Credential* credential = nullptr;  // what to prove the own name with, if the server asks
  std::vector<std::string> alpn{};               // in order of preference; empty: no ALPN
  std::uint16_t version_min = kTls12;
  std::uint16_t version_max = kTls13;
  std::vector<std::uint16_t> groups{};      // empty: the server policy's
  std::vector<std::uint16_t> signatures{};  // schemes it can verify; empty: the library's
  struct Suites {
    std::string tls12{};  // as the library spells lists; empty: the server policy's
    std::string tls13{};
  };
  Suites suites{};
  KeyLog key_log{};
};

// The client's side of what handshakes share; one a worker, shared by its engines like ServerContext.
class ClientContext {
 public:
  static base::Result<std::shared_ptr<ClientContext>> create(const ClientSettings& settings, const base::Clock& clock);

  ClientContext(const ClientContext&) = delete;
  ClientContext& operator=(const ClientContext&) = delete;
  ~ClientContext();

  class Impl;  // the library's objects, defined in a header of this folder only
  explicit ClientContext(std::unique_ptr<Impl> impl);
  Impl& impl() const { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

// What a client keeps to resume a session (RFC 8446 4.6.1). A ticket is best used once (RFC 8446 C.4).
class Session {
 public:
  explicit Session(ssl_session_st* session) : session_(session) {}
  ssl_session_st* native() const { return session_.get(); }

 private:
  struct Free {
    void operator()(ssl_session_st* session) const;
  };
  std::unique_ptr<ssl_session_st, Free> session_;
};

// One connection's target.
struct ClientTarget {
  std::string server_name;           // SNI, and what the certificate must cover; an address is not sent as SNI
  const Session* session = nullptr;  // resume this; borrowed during construction
  // An ECHConfigList (RFC 9849) to encrypt the name with; empty: it goes in clear. Borrowed during construction.
  base::ByteView ech_configs{};
};

}  // namespace gate::tls

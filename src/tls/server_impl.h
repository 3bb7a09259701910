#pragma once

#include <openssl/pool.h>
#include <openssl/ssl.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "cert/private_key.h"
#include "tls/client_gate.h"
#include "tls/early_data_window.h"
#include "tls/name_table.h"
#include "tls/server_context.h"
#include "tls/ticket_sealer.h"
#include "tls/turn_bio.h"

namespace gate::tls {

// The library's objects behind a ServerContext.
class ServerContext::Impl {
 public:
  // A credential of a site. The library checks that key and certificate match whenever both are set, so they are set
  // once, on a context of their own, and a handshake switches to that context.
  struct Holder {
    cert::KeyType type;
    bssl::UniquePtr<SSL_CTX> ctx;
    std::array<std::byte, 32> certificate;  // its fingerprint
    std::vector<std::byte> staple{};        // empty: none
  };
  struct Site {
    std::vector<Holder> holders;  // ECDSA first
    Policy policy;
    std::unique_ptr<const ClientGate> clients{};  // null: nothing is demanded of clients

    std::uint64_t client_demand() const { return clients ? clients->fingerprint() : 0; }
  };

  Impl(const TicketKeys& keys, base::Instant now) : tickets(keys), early_data(now) {}

  bssl::UniquePtr<SSL> make_ssl() const;
  std::optional<std::uint32_t> find_site(std::string_view server_name, const base::IpAddress& local_address) const;

  // One copy of an intermediate, however many sites have it. Outlives the contexts that hold certificates.
  bssl::UniquePtr<CRYPTO_BUFFER_POOL> certificates;
  TurnBio bio;
  TicketSealer tickets;
  EarlyDataWindow early_data;
  KeyLog key_log;
  NameTable names;
  std::map<base::IpAddress, std::uint32_t> addresses;
  std::optional<std::uint32_t> default_site;
  std::vector<Site> sites;
  bool any_demand = false;                           // whether a site demands something of its clients
  std::unordered_map<std::string, Site> challenges;  // by the name that the authority asks for
  bssl::UniquePtr<SSL_CTX> ctx;                      // handshakes begin with it; it has no certificate
};

// Settings that every context of a server has, whether it begins handshakes or holds a certificate.
void configure_server(SSL_CTX* ctx, bool with_key_log);

}  // namespace gate::tls

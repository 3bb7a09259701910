#pragma once

#include <openssl/pool.h>
#include <openssl/ssl.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "tls/client_gate.h"
#include "tls/early_data_window.h"
#include "tls/held_credential.h"
#include "tls/name_table.h"
#include "tls/on_demand_table.h"
#include "tls/server_context.h"
#include "tls/ticket_sealer.h"
#include "tls/turn_bio.h"

namespace gate::tls {

// The library's objects behind a ServerContext.
class ServerContext::Impl {
 public:
  using Holder = HeldCredential;
  struct Site {
    std::vector<Holder> holders;  // ECDSA first
    Policy policy;
    std::unique_ptr<const ClientGate> clients{};  // null: nothing is demanded of clients
    bool on_demand = false;  // names that it covers without being called so have certificates of their own

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
  std::shared_ptr<OnDemandTable> on_demand;          // null where no site has names on demand
  bssl::UniquePtr<SSL_CTX> ctx;                      // handshakes begin with it; it has no certificate
};

}  // namespace gate::tls

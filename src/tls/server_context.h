#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "cert/credential.h"
#include "tls/challenges.h"
#include "tls/client_demand.h"
#include "tls/ech_keys.h"
#include "tls/policy.h"
#include "tls/staples.h"
#include "tls/ticket_keys.h"

namespace gate::tls {

class OnDemandTable;

// Receives key log lines (NSS format, without the newline) for Wireshark. Whoever reads them can decrypt the
// traffic. Called on the worker's thread.
using KeyLog = std::function<void(std::string_view line)>;

// What TLS needs to know of one site.
struct SiteIdentity {
  // "example.com", "*.example.com" (one label), "192.0.2.1", "::1". Lower case.
  std::vector<std::string> names{};

  // One credential, or an ECDSA and an RSA one. Borrowed during `create` only.
  std::vector<const cert::Credential*> credentials{};

  Policy policy{};

  // What its clients must prove themselves with; null: nothing. Borrowed during `create` only.
  const ClientDemand* clients = nullptr;

  // Answers connections that ask for no name, or for one that no site has. At most one site.
  bool is_default = false;

  // Names that it takes by a wildcard or as the default have certificates of their own, see OnDemandTable. It may then
  // be without credentials.
  bool on_demand = false;
};

struct ServerSettings {
  std::vector<SiteIdentity> sites{};
  TicketKeys ticket_keys;
  std::optional<EchKeys> ech_keys{};  // nothing: names come in clear
  KeyLog key_log{};                   // empty: none
};

// Everything the server's side of handshakes shares: certificates by name, policies, ticket keys. One for each
// worker: it holds its own copies of keys and certificates, so that workers share no reference counts and no locks.
//
// Replaced as a whole on reload. Engines hold a shared handle, so connections that began under an old context
// keep it alive and the last of them frees it; handles of one context never leave its worker.
class ServerContext {
 public:
  // Fails when two sites claim one name, more than one is the default, a site has no credential or two of one type.
  static base::Result<std::shared_ptr<ServerContext>> create(const ServerSettings& settings);

  ServerContext(const ServerContext&) = delete;
  ServerContext& operator=(const ServerContext&) = delete;
  ~ServerContext();

  // From the next handshake on, tickets are sealed and opened with `keys`.
  void use_ticket_keys(const TicketKeys& keys);

  // From the next handshake on, names may come encrypted with these keys.
  void use_ech_keys(const EchKeys& keys);

  // From the next handshake on, these challenges are open and no others.
  void use_challenges(const Challenges& challenges);

  // Where sites that have names on demand find their certificates, from the next handshake on.
  void use_on_demand(std::shared_ptr<OnDemandTable> table);

  // From the next handshake on, these are shown with the certificates, and no others.
  void use_staples(const Staples& staples);

  // The position of the site that answers a client that asked for `server_name` (empty: none) at `local_address`, as
  // handshakes choose it: exact name, wildcard, the address when no name was sent, the default. Nothing: refused.
  std::optional<std::uint32_t> site_for(std::string_view server_name, const base::IpAddress& local_address) const;

  // Whether the connection of `facts`, which came to `local_address`, may carry requests for `host` (lower case) as far
  // as clients' certificates go: what was demanded of it is what the host's site demands.
  bool may_carry(const Facts& facts, std::string_view host, const base::IpAddress& local_address) const;

  class Impl;  // the library's objects, defined in a header of this folder only
  explicit ServerContext(std::unique_ptr<Impl> impl);
  Impl& impl() const { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace gate::tls

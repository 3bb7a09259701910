#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/ip.h"
#include "http/exchange.h"
#include "http/limits.h"
#include "http/service.h"
#include "http/trusted_proxies.h"
#include "observe/field_selection.h"
#include "observe/log_producer.h"
#include "quic/connection.h"
#include "server/pass_table.h"

namespace gate::server {

// One checked site. Immutable; shared by all workers.
struct SitePlan {
  std::string name;                // the first of its names: what log and metrics call it
  std::vector<std::string> hosts;  // lower case: "example.com", "*.example.com" (one label), "192.0.2.1", "::1"
  bool is_default = false;         // answers hosts that no site has
  bool clear_allowed = false;      // served on clear connections too, instead of redirected
  std::string fingerprint;         // equal ones mean equal plans: a reload then keeps the site's objects
  std::string tls_scope;           // requests may come over connections of another site only if these are equal
  std::uint32_t metrics_number = 0;
  observe::LogTarget access_log;
  observe::FieldSelection log_fields;
  std::shared_ptr<const http::ServicePlan> service;
  std::shared_ptr<const http::ErrorPages> error_pages;  // null: the server's own
  bool http3 = true;                                    // requests may come over QUIC
  bool early_data = false;                              // safe ones also before its handshake is done
};

// An address at which proxies say ahead of each connection for whom it is (the PROXY protocol).
struct ProxyProtocolAddress {
  base::Endpoint endpoint;          // with the real port
  std::vector<base::Cidr> proxies;  // who may connect there, and nobody else
};

// Bounds that hold for a worker or the process rather than for one connection.
struct ServerLimits {
  std::uint32_t connections_max = 0;              // of this worker
  std::uint32_t connections_per_address_max = 0;  // of the process
  std::uint32_t handshakes_per_turn_max = 8;      // about a millisecond, then the open connections have their turn
};

// Everything a worker does, decided by one configuration. The TLS side travels beside it: it is not shared.
struct Plan {
  std::uint64_t generation = 0;
  std::vector<std::shared_ptr<const SitePlan>> sites;
  ServerLimits server_limits;
  std::vector<ProxyProtocolAddress> proxy_protocol;  // few, and mostly none
  http::TrustedProxies trusted_proxies;
  PassTable passes;
  std::shared_ptr<const http::Limits> limits;
  quic::ConnectionSettings quic;
  std::string qlog_folder;                              // empty: no qlog
  std::shared_ptr<const SitePlan> clear_text;           // what clear connections get: challenge, redirect
  std::shared_ptr<const http::ErrorPages> error_pages;  // where a site has none; never null
};

}  // namespace gate::server

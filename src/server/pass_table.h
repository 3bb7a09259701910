#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "client/server_address.h"
#include "net/proxy_header.h"
#include "tls/client_hello.h"
#include "tls/name_table.h"

namespace gate::server {

// One `pass` statement: whose connections go to a server as they are, TLS unopened. Immutable; shared by all workers.
struct PassPlan {
  std::vector<std::string> names;  // as sites have them, wildcards of one label among them
  std::vector<std::string> alpn;   // only connections that offer one of these; empty: all
  client::ServerAddress server;    // its scheme does not matter
  net::ProxyProtocol proxy_protocol = net::ProxyProtocol::kNone;
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds idle_timeout = std::chrono::hours(1);  // WebSockets are quiet for long
};

// From what a client says first to the statement that takes its connection.
class PassTable {
 public:
  PassTable() = default;
  // No name stands in two plans.
  explicit PassTable(std::vector<std::shared_ptr<const PassPlan>> plans);

  bool empty() const { return plans_.empty(); }

  // Null where the connection is to be served here.
  const std::shared_ptr<const PassPlan>* find(const tls::ClientHello& hello) const;

 private:
  std::vector<std::shared_ptr<const PassPlan>> plans_;
  tls::NameTable names_;
};

}  // namespace gate::server

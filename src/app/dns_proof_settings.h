#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "acme/dns_exec_publisher.h"
#include "acme/dns_http_publisher.h"
#include "base/clock.h"
#include "base/ip.h"
#include "dns/tsig.h"

namespace gate::app {

// How names are proven by DNS: who makes the records, and how long they may take to be seen.
struct DnsProofSettings {
  // By updates at a primary server.
  struct Update {
    base::Endpoint server;
    dns::TsigKey key;
  };

  std::variant<Update, acme::ExecSettings, acme::HttpHookSettings> way;
  std::optional<base::Duration> propagation = std::chrono::minutes(2);  // nothing: nobody looks
  std::vector<base::Endpoint> resolvers{};                              // empty: the machine's
  std::string mark{};  // differs where anything else does; holds secrets
};

}  // namespace gate::app

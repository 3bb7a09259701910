#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/ip.h"

namespace gate::tls {
struct Facts;
}
namespace gate::quic {
class Connection;
}

namespace gate::http {

// What is known of the connection a request came over. Lives as long as the connection.
struct ConnectionInfo {
  std::uint64_t id = 0;  // unique in the process
  base::Endpoint peer;   // who speaks on it: the client, or a proxy in front of us. See Exchange::client()
  base::Endpoint local;  // the address it connected to
  base::Instant accepted_at;
  bool secure = false;
  const tls::Facts* tls = nullptr;         // null on clear connections
  const quic::Connection* quic = nullptr;  // null over TCP
};

}  // namespace gate::http

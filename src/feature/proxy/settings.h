#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cert/verify.h"
#include "client/pool.h"
#include "client/server_address.h"
#include "http/call.h"
#include "http/limits.h"
#include "net/proxy_header.h"

namespace gate::proxy {

// How a server is chosen for a request.
enum class Balance : std::uint8_t {
  kRoundRobin,        // in turn, by weight
  kLeastConnections,  // the one with the fewest requests in flight, by weight
  kLeastTime,         // the one whose responses began soonest lately, weighed with what is in flight
  kRandomTwo,         // two by chance, of these the one with fewer requests in flight
  kHash,              // always the same one for the same key
  kSticky,            // the one a cookie names
};

// What a hash is made of.
enum class HashKey : std::uint8_t { kClient, kPath, kHeader, kCookie };

// One server of a list.
struct ServerSettings {
  client::ServerAddress address;
  std::uint32_t weight = 1;
  bool backup = false;  // only while no other can be used
};

// What Host field the servers see.
enum class HostPolicy : std::uint8_t {
  kAutomatic,  // the client's; over TLS the server's own, which its certificate and its sites go by
  kClient,
  kServer,
  kFixed
};

// A field to set or, without a value, to remove.
struct FieldRule {
  std::string name;  // in lower case
  std::string value;
  bool remove = false;
};

struct RetrySettings {
  std::uint32_t attempts_max = 3;         // in all
  std::vector<std::uint16_t> statuses{};  // answers that are not passed on but asked for elsewhere
};

// Regular requests that find out whether a server is well.
struct CheckSettings {
  std::string path;  // empty: none
  std::chrono::milliseconds interval{10'000};
  std::chrono::milliseconds timeout{5'000};
  std::uint16_t status = 0;  // 0: any from 200 to 399
  std::string body;          // what the response must hold; empty: anything
  std::uint32_t rise = 2;    // successes that bring a server back
  std::uint32_t fall = 3;    // failures that take it out
};

// Taking out servers that fail real requests.
struct EjectSettings {
  std::uint32_t failures = 5;              // in a row; 0: never
  std::chrono::milliseconds time{10'000};  // doubled each time in a row
  std::chrono::milliseconds time_max{5 * 60'000};
};

// Who vouches for servers that are spoken with over TLS.
enum class Trust : std::uint8_t { kSystem, kFile, kAnybody };

// How much servers are told of the certificate a client has proved itself with (RFC 9440).
enum class ClientCertificateSaid : std::uint8_t { kNothing, kOwn, kWithChain };

// A checked `proxy` statement.
struct ProxySettings {
  std::vector<ServerSettings> servers;
  Balance balance = Balance::kRandomTwo;
  HashKey hash_key = HashKey::kClient;
  std::string hash_name;  // of the header or cookie; of the cookie that sticks
  HostPolicy host = HostPolicy::kAutomatic;
  std::string host_name;  // for kFixed
  std::vector<FieldRule> request_fields;
  ClientCertificateSaid client_certificate = ClientCertificateSaid::kNothing;
  RetrySettings retry;
  CheckSettings check;
  EjectSettings eject;
  std::chrono::milliseconds slow_start{0};  // in which a server that has come back grows to its full share
  Trust trust = Trust::kSystem;
  std::shared_ptr<const cert::Roots> roots;                       // those; null: nobody needs to
  std::shared_ptr<const cert::Credential> credential;             // what servers are shown that want to know who asks
  std::string server_name;                                        // for SNI and certificates; empty: each server's own
  net::ProxyProtocol proxy_protocol = net::ProxyProtocol::kNone;  // spoken to servers
  http::Limits limits = default_limits();
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds queue_timeout{10'000};
  std::size_t request_buffer = 0;                                   // bytes taken in before a server is asked
  std::size_t response_buffer = http::CallBody::kBufferedBytesMax;  // bytes held for a client that is slower
  std::uint32_t connections_max = 1024;
  std::uint32_t queue_max = 1024;
  std::string pool_text;  // equal ones mean that connections can be shared

  static http::Limits default_limits() {
    http::Limits limits;
    limits.body_bytes_max = UINT64_MAX;  // what the client may be sent is not for us to bound
    limits.header_timeout = std::chrono::seconds(60);
    limits.stall_timeout = std::chrono::seconds(300);  // streams of events are quiet for long
    limits.idle_timeout = std::chrono::seconds(60);
    limits.linger_timeout = std::chrono::milliseconds(500);
    return limits;
  }
};

}  // namespace gate::proxy

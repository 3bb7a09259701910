#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace gate::client {

// What is spoken with a server.
enum class Scheme : std::uint8_t {
  kHttp,
  kHttps,  // HTTP/2 where the server takes it, else HTTP/1.1
  kH2c,    // HTTP/2 without TLS, known beforehand (RFC 9113 3.3)
};

// Where a server is. Two equal ones mean the same server.
struct ServerAddress {
  Scheme scheme = Scheme::kHttp;
  std::string host;         // a name or an address without brackets, lower case; empty for a Unix socket
  std::uint16_t port = 80;  // 0 for a Unix socket
  std::string path;         // of a Unix socket
  bool service = false;     // `host` is the name of a service, whose SRV records say host and port (RFC 2782)

  // "3000", "localhost:3000", "[::1]:80", "http://HOST[:PORT]", "https://HOST[:PORT]", "h2c://HOST[:PORT]",
  // "unix:/run/app.sock", and with a service's name "http+srv://_app._tcp.example.com", likewise https and h2c. Fails
  // with kBadUpstreamAddress.
  static base::Result<ServerAddress> parse(std::string_view text);

  bool secure() const { return scheme == Scheme::kHttps; }

  // Whether nobody else is on the way to it, by what it is called.
  bool is_this_machine() const;

  // "https://example.com:8443": what it is called in logs, and what the live control knows it by.
  std::string to_string() const;

  // As a Host field has it: without the port where that is the scheme's own.
  std::string authority() const;

  // What its certificate must cover, and SNI asks for: the host, or the domain that has the service (RFC 6125 6.2.1:
  // not the names that DNS leads to).
  std::string_view certificate_name() const;

  friend bool operator==(const ServerAddress&, const ServerAddress&) = default;
};

}  // namespace gate::client

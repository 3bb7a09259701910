#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "client/server_address.h"

namespace gate::client {

// The URL of something that is asked of another server: "https://HOST[:PORT][/PATH][?QUERY]", or with http.
struct Url {
  // A longer one is nobody's address.
  static constexpr std::size_t kBytesMax = 8 * 1024;

  ServerAddress server;
  std::string target = "/";  // path and query, as a request line has them

  // A fragment is left out (RFC 9110 4.2.5). Fails with kBadUrl: no such URL, a user's name in it (RFC 9110 4.2.4), or
  // characters that no URL has.
  static base::Result<Url> parse(std::string_view text);

  // What `reference`, of a Location field of this one's response, leads to (RFC 3986 5.2): another URL, or a path of
  // the same server. Relative paths are resolved.
  base::Result<Url> resolve(std::string_view reference) const;

  std::string to_string() const;

  friend bool operator==(const Url&, const Url&) = default;
};

}  // namespace gate::client

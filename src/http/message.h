#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/arena.h"
#include "http/body.h"
#include "http/fields.h"
#include "http/method.h"

namespace gate::http {

// A request head, the same for all wires. Every view lives as long as the exchange.
struct Request {
  explicit Request(base::Arena& arena) : fields(arena) {}

  Method method = Method::kGet;
  Version version = Version::kHttp11;
  std::string_view method_text;
  std::string_view scheme;     // "https" or "http": how the connection is, never what the client claims
  std::string_view authority;  // host and optional port as sent (Host or :authority)
  std::string_view host;       // lower case, without port, brackets and a trailing dot
  std::string_view target;     // origin-form as sent, "/a%20b?c", or "*"
  std::string_view protocol;   // :protocol of an extended CONNECT (RFC 8441, RFC 9220); else empty
  std::string_view path;       // decoded and without dot segments; see http/request_rules.h
  std::string_view raw_path;   // as sent, without the query
  std::string_view query;      // behind the "?", as sent; see has_query
  bool has_query = false;
  FieldList fields;  // without pseudo-fields; Host is kept for every wire
  std::optional<std::uint64_t> content_length;
  // content-length above 0, chunked, or a stream that was not ended with its head; never with CONNECT
  bool has_body = false;
};

// A response head and its body. `body` may be null for "no content": content-length 0 where a length belongs.
struct Response {
  explicit Response(base::Arena& arena) : fields(arena) {}

  std::uint16_t status = 200;
  FieldList fields;  // without Content-Length, Transfer-Encoding, Connection and Date: the driver writes those
  BodyPtr body;
  bool may_encode = true;  // a content coding may be put on it on the way out

  // The exchange becomes a stream of bytes in both directions. On HTTP/1.1 it answers a request of which upgrade_of()
  // names a protocol: status 101, and the Upgrade field with that protocol. On HTTP/2 and HTTP/3 it answers an extended
  // CONNECT: status 2xx. `body` is what the client gets, unframed and in its own time; request_body() is from respond()
  // on what the client sends behind its head. Each direction ends by itself; `body` lives until both have.
  bool tunnel = false;
};

}  // namespace gate::http

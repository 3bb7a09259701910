#include "http/multiplex/request_assembly.h"

#include "base/text.h"
#include "http/arena_text.h"

namespace gate::http::multiplex {
namespace {

// RFC 9113 6.5.2: "The value is based on the uncompressed size of field lines, including the length of the name and
// value in units of octets plus an overhead of 32 octets for each field line."
// RFC 9114 4.2.2 counts alike.
constexpr std::size_t kLineOverhead = 32;

// How far above its limit a head is read to its end.
constexpr std::size_t kPatience = 16;

// RFC 9113 8.2.3: "these MUST be concatenated into a single octet string using the two-octet delimiter of 0x3b, 0x20".
// RFC 9114 4.2.1: the same.
constexpr std::string_view kCookieDelimiter = "; ";

}  // namespace

bool RequestAssembly::add(Exchange& exchange, const Field& line) {
  const Limits& limits = exchange.limits();
  // A client may send each cookie in a line of its own; they count as the one line they become.
  if (line.id != FieldId::kCookie || ++cookies_ == 1) ++lines_;
  if (!count(limits, line)) {
    fault_ = RequestFault::kHeaderTooLarge;
    return bytes_ <= limits.header_bytes_max * kPatience;
  }
  if (is_pseudo(line.id)) {
    add_pseudo(exchange, line);
  } else {
    base::Arena& arena = exchange.arena();
    const bool known = line.id != FieldId::kUnknown;
    exchange.request.fields.add({known ? field_name(line.id) : arena.copy(line.name), arena.copy(line.value), line.id});
  }
  return true;
}

bool RequestAssembly::takes_trailer(const Exchange& exchange, const Field& line) {
  ++lines_;
  return count(exchange.limits(), line);
}

bool RequestAssembly::count(const Limits& limits, const Field& line) {
  bytes_ += line.name.size() + line.value.size() + kLineOverhead;
  return bytes_ <= limits.header_bytes_max && lines_ <= limits.header_lines_max;
}

void RequestAssembly::add_pseudo(Exchange& exchange, const Field& line) {
  Request& request = exchange.request;
  if (line.id == FieldId::kPseudoPath && line.value.size() > exchange.limits().target_bytes_max) {
    fault_ = RequestFault::kTargetTooLong;
    return;
  }
  const auto value = exchange.arena().copy(line.value);
  switch (line.id) {
    case FieldId::kPseudoPath: path_ = value; break;
    case FieldId::kPseudoMethod:
      request.method = to_method(value);
      request.method_text = value;
      break;
    case FieldId::kPseudoAuthority: authority_ = value; break;
    case FieldId::kPseudoScheme: scheme_ = value; break;
    case FieldId::kPseudoProtocol: request.protocol = value; break;
    default: break;
  }
}

std::optional<RequestFault> RequestAssembly::finish(Exchange& exchange, bool ended) {
  Request& request = exchange.request;
  request.scheme = exchange.connection().secure ? "https" : "http";
  // RFC 9110 9.3.6: "A CONNECT request message does not have content."
  request.has_body = !ended && request.method != Method::kConnect;
  if (fault_) return fault_;

  if (cookies_ > 1) join_cookies(exchange);
  if (const auto fault = set_host(exchange)) return fault;
  // RFC 8441 4, RFC 9220 3: with a protocol it is for a service to take. Without one it asks for a proxy to anywhere.
  const bool plain_connect = request.method == Method::kConnect && request.protocol.empty();
  if (plain_connect) return RequestFault::kMethodUnsupported;
  // Behind a proxy that ends TLS a clear connection may carry https; nothing else is served here.
  if (!base::equals_ignoring_case(scheme_, "https") && !base::equals_ignoring_case(scheme_, "http")) {
    return RequestFault::kMalformed;
  }
  if (const auto fault = set_target(request, path_, exchange.arena())) return fault;

  const Field* length = request.fields.find(FieldId::kContentLength);
  if (length && request.method != Method::kConnect) {
    request.content_length = parse_content_length(length->value);
    if (!request.content_length) return RequestFault::kBadContentLength;
    if (*request.content_length > exchange.limits().body_bytes_max) return RequestFault::kBodyTooLarge;
  }
  const Field* expect = request.fields.find(FieldId::kExpect);
  if (expect && !base::equals_ignoring_case(expect->value, "100-continue")) return RequestFault::kUnknownExpectation;
  return std::nullopt;
}

// RFC 9114 4.3.1: "If both fields are present, they MUST contain the same value." RFC 9113 8.3.1: "A server SHOULD
// treat a request as malformed if it contains a Host header field that identifies an entity that differs from the
// entity in the \":authority\" pseudo-header field."
std::optional<RequestFault> RequestAssembly::set_host(Exchange& exchange) const {
  Request& request = exchange.request;
  const Field* host = request.fields.find(FieldId::kHost);
  if (host && !authority_.empty() && !base::equals_ignoring_case(host->value, authority_)) {
    return RequestFault::kBadHost;
  }
  if (const auto fault = set_authority(request, host ? host->value : authority_, exchange.arena())) return fault;
  if (!host) request.fields.add(FieldId::kHost, request.authority);
  return std::nullopt;
}

void RequestAssembly::join_cookies(Exchange& exchange) const {
  FieldList& fields = exchange.request.fields;
  const auto pieces = exchange.arena().make_array<std::string_view>(2 * cookies_ - 1);
  std::size_t count = 0;
  for (const Field& field : fields) {
    if (field.id != FieldId::kCookie) continue;
    if (count > 0) pieces[count++] = kCookieDelimiter;
    pieces[count++] = field.value;
  }
  fields.set(FieldId::kCookie, join(exchange.arena(), pieces.first(count)));
}

}  // namespace gate::http::multiplex

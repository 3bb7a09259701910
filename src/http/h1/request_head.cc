#include "http/h1/request_head.h"

#include <string_view>

#include "base/text.h"
#include "http/h1/persistence.h"
#include "http/list_elements.h"

namespace gate::http::h1 {
namespace {

using MaybeFault = std::optional<RequestFault>;

// The lines that decide, found in one pass.
struct DecidingLines {
  struct Lines {
    std::string_view first;
    std::size_t count = 0;

    void add(std::string_view value) {
      if (count++ == 0) first = value;
    }
  };
  Lines host;
  Lines content_length;
  Lines transfer_encoding;
  bool expect = false;
  bool connection = false;
};

DecidingLines find_lines(const FieldList& fields) {
  DecidingLines found;
  for (const Field& field : fields) {
    switch (field.id) {
      case FieldId::kHost: found.host.add(field.value); break;
      case FieldId::kContentLength: found.content_length.add(field.value); break;
      case FieldId::kTransferEncoding: found.transfer_encoding.add(field.value); break;
      case FieldId::kExpect: found.expect = true; break;
      case FieldId::kConnection: found.connection = true; break;
      default: break;
    }
  }
  return found;
}

// RFC 9112 3.2: 400 for a request "that lacks a Host header field", "contains more than one Host header field line or a
// Host header field with an invalid field value". HTTP/1.0 had no Host.
MaybeFault judge_host(Request& request, const DecidingLines::Lines& host, base::Arena& arena) {
  if (host.count == 0 && request.version == Version::kHttp10) return std::nullopt;
  if (host.count != 1) return RequestFault::kBadHost;
  return set_authority(request, host.first, arena);
}

MaybeFault judge_target(Request& request, base::Arena& arena) {
  const std::string_view from_host = request.authority;
  if (const auto fault = set_target(request, request.target, arena)) return fault;
  // RFC 9112 3.2.2: with absolute-form a server "MUST ignore the received Host header field (if any) and instead use
  // the host information of the request-target". Whoever passes the request on must not see the other.
  if (request.authority != from_host) request.fields.set(FieldId::kHost, request.authority);
  return std::nullopt;
}

// RFC 9112 6.1: chunked once, as the final coding; any other coding is not implemented here. An empty element, which
// RFC 9110 5.6.1 would have ignored in other lists, is refused: "chunked," must not mean one thing here and another
// behind.
MaybeFault judge_coding(const FieldList& fields) {
  std::size_t chunked = 0;
  std::size_t others = 0;
  bool malformed = false;
  for_each_element(fields, FieldId::kTransferEncoding, [&](std::string_view coding) {
    malformed |= !is_token(coding) || chunked > 0;
    const bool is_chunked = base::equals_ignoring_case(coding, "chunked");
    ++(is_chunked ? chunked : others);
  });
  if (malformed) return RequestFault::kBadChunk;
  return others > 0 ? MaybeFault(RequestFault::kUnknownCoding) : std::nullopt;
}

// RFC 9112 6.3. What is said twice may be read in two ways, which is how requests are smuggled; so it is refused.
MaybeFault judge_framing(Request& request, const DecidingLines& lines, Control& control) {
  if (lines.transfer_encoding.count > 0) {
    // RFC 9112 6.1: both together "ought to be handled as an error", and with HTTP/1.0 the framing is "faulty".
    if (lines.content_length.count > 0 || request.version == Version::kHttp10) return RequestFault::kAmbiguousLength;
    if (const auto fault = judge_coding(request.fields)) return fault;
    control.framing = Framing::kChunked;
    request.has_body = true;
    return std::nullopt;
  }
  if (lines.content_length.count == 0) return std::nullopt;
  request.content_length = parse_content_length(lines.content_length.first);
  if (lines.content_length.count > 1 || !request.content_length) return RequestFault::kBadContentLength;
  control.length = *request.content_length;
  request.has_body = control.length > 0;
  if (request.has_body) control.framing = Framing::kLength;
  return std::nullopt;
}

MaybeFault judge_expectation(const Request& request, Control& control) {
  // RFC 9110 10.1.1: "A server that receives a 100-continue expectation in an HTTP/1.0 request MUST ignore that
  // expectation."
  if (request.version == Version::kHttp10) return std::nullopt;
  bool unknown = false;
  for_each_element(request.fields, FieldId::kExpect, [&](std::string_view expectation) {
    unknown |= !expectation.empty() && !base::equals_ignoring_case(expectation, "100-continue");
  });
  if (unknown) return RequestFault::kUnknownExpectation;
  control.expects_continue = control.framing != Framing::kNone;
  return std::nullopt;
}

}  // namespace

std::expected<Control, RequestFault> judge_head(Request& request, base::Arena& arena, std::uint64_t body_bytes_max) {
  const DecidingLines lines = find_lines(request.fields);
  Control control;
  if (const auto fault = judge_framing(request, lines, control)) return std::unexpected(*fault);
  // Before the target, whose authority-form belongs to CONNECT alone.
  if (request.method == Method::kConnect) return std::unexpected(RequestFault::kMethodUnsupported);
  if (const auto fault = judge_host(request, lines.host, arena)) return std::unexpected(*fault);
  if (const auto fault = judge_target(request, arena)) return std::unexpected(*fault);
  if (lines.expect) {
    if (const auto fault = judge_expectation(request, control)) return std::unexpected(*fault);
  }
  if (control.length > body_bytes_max) return std::unexpected(RequestFault::kBodyTooLarge);
  control.keep_alive =
      lines.connection ? says_keep_alive(request.version, request.fields) : request.version == Version::kHttp11;
  return control;
}

}  // namespace gate::http::h1

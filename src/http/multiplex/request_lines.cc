#include "http/multiplex/request_lines.h"

#include <algorithm>

#include "base/text.h"
#include "http/request_rules.h"

namespace gate::http::multiplex {

bool RequestLines::see(Seen what) {
  const bool first = !saw(what);
  seen_ |= what;
  return first;
}

bool RequestLines::take(const Field& line) {
  // RFC 9113 8.3: "All pseudo-header fields sent in a field section MUST appear before all regular field lines", and
  // 8.1: "Trailers MUST NOT include pseudo-header fields".
  if (is_pseudo(line.id)) return !trailers_ && !saw(kRegular) && take_pseudo(line);
  seen_ |= kRegular;
  switch (line.id) {
    // RFC 9113 8.2.2: "Any message containing connection-specific header fields MUST be treated as malformed".
    case FieldId::kConnection:
    case FieldId::kKeepAlive:
    case FieldId::kProxyConnection:
    case FieldId::kTransferEncoding:
    case FieldId::kUpgrade: return false;
    case FieldId::kTe: return base::equals_ignoring_case(line.value, "trailers");
    case FieldId::kHost: return see(kHost);
    case FieldId::kContentLength:
      if (content_length_) return false;
      content_length_ = parse_content_length(line.value);
      return content_length_.has_value();
    default: return true;
  }
}

bool RequestLines::take_pseudo(const Field& line) {
  switch (line.id) {
    case FieldId::kPseudoMethod:
      if (line.value == "CONNECT") seen_ |= kConnect;
      if (line.value == "OPTIONS") seen_ |= kOptions;
      return see(kMethod) && is_token(line.value);
    case FieldId::kPseudoScheme: return see(kScheme) && is_token(line.value);
    case FieldId::kPseudoPath: return see(kPath) && take_path(line.value);
    case FieldId::kPseudoAuthority: return see(kAuthority);
    case FieldId::kPseudoProtocol: return see(kProtocol) && !line.value.empty();
    default: return false;  // RFC 9113 8.3: those of responses, and those that are not defined
  }
}

// Blanks would end it in a message of HTTP/1.1. What else is wrong with a path is answered, not reset.
bool RequestLines::take_path(std::string_view path) {
  if (path == "*") seen_ |= kAsterisk;
  const bool begins_well = path.starts_with('/') || path == "*";
  return begins_well && std::ranges::none_of(path, [](char c) { return c == ' ' || c == '\t'; });
}

bool RequestLines::complete() const {
  if (trailers_) return true;
  if (!saw(kMethod)) return false;
  // RFC 9113 8.5: "The \":scheme\" and \":path\" pseudo-header fields MUST be omitted"; RFC 8441 4: not where there is
  // a protocol.
  if (saw(kConnect) && !saw(kProtocol)) return saw(kAuthority) && !saw(kScheme) && !saw(kPath);
  if (saw(kProtocol) && !(saw(kConnect) && saw(kAuthority))) return false;
  if (saw(kAsterisk) && !saw(kOptions)) return false;
  return saw(kScheme) && saw(kPath) && (saw(kAuthority) || saw(kHost));
}

std::optional<std::uint64_t> RequestLines::content_length() const {
  return saw(kConnect) ? std::nullopt : content_length_;
}

}  // namespace gate::http::multiplex

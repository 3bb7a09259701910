// The request target and the authority of request_rules.h.

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "base/ip.h"
#include "base/text.h"
#include "http/characters.h"
#include "http/request_rules.h"
#include "http/scan.h"

namespace gate::http {
namespace {

using MaybeFault = std::optional<RequestFault>;

std::span<char> as_characters(std::span<std::byte> bytes) {
  return {reinterpret_cast<char*>(bytes.data()), bytes.size()};
}

// The byte behind a "%", or nothing when two digits do not follow.
std::optional<char> decode_octet(std::string_view digits) {
  const auto value = base::parse_number<std::uint8_t>(digits, 16);
  if (digits.size() != 2 || !value) return std::nullopt;
  return static_cast<char>(*value);
}

// Builds the decoded path a segment at a time, without dot segments. Never longer than what it is built from.
class PathBuilder {
 public:
  explicit PathBuilder(std::span<char> room) : room_(room) {}

  [[nodiscard]] bool add_segment(std::string_view raw, bool last) {
    const std::size_t slash = size_;
    put('/');
    if (!decode(raw)) return false;
    const auto segment = text().substr(slash + 1);
    if (segment != "." && segment != "..") return true;
    size_ = slash;
    if (segment == ".." && !drop_segment()) return false;
    if (last) put('/');
    return true;
  }

  std::string_view text() const { return {room_.data(), size_}; }

 private:
  void put(char c) { room_[size_++] = c; }

  [[nodiscard]] bool decode(std::string_view raw) {
    for (std::size_t i = 0; i < raw.size(); ++i) {
      if (raw[i] != '%') {
        put(raw[i]);
        continue;
      }
      const auto octet = decode_octet(raw.substr(i + 1, 2));
      if (!octet || *octet == '\0') return false;
      if (*octet == '/') {
        for (const char c : raw.substr(i, 3)) put(c);
      } else {
        put(*octet);
      }
      i += 2;
    }
    return true;
  }

  // False when there is none: the path climbs above the root.
  [[nodiscard]] bool drop_segment() {
    if (size_ == 0) return false;
    size_ = text().rfind('/');
    return true;
  }

  std::span<char> room_;
  std::size_t size_ = 0;
};

// Whether the path says what it means already: the usual case, which needs no copy.
bool is_plain(std::string_view path) { return !path.contains('%') && !path.contains("/."); }

std::optional<std::string_view> decoded_path(std::string_view raw, base::Arena& arena) {
  if (is_plain(raw)) return raw;
  PathBuilder path(as_characters(arena.allocate(raw.size())));
  std::string_view rest = raw.substr(1);
  for (;;) {
    const auto slash = rest.find('/');
    const bool last = slash == std::string_view::npos;
    if (!path.add_segment(rest.substr(0, slash), last)) return std::nullopt;
    if (last) return path.text();
    rest.remove_prefix(slash + 1);
  }
}

void set_asterisk(Request& request) { request.target = request.raw_path = request.path = "*"; }

MaybeFault set_origin(Request& request, std::string_view target, base::Arena& arena) {
  const auto question_mark = target.find('?');
  request.target = target;
  request.raw_path = target.substr(0, question_mark);
  request.has_query = question_mark != std::string_view::npos;
  request.query = request.has_query ? target.substr(question_mark + 1) : std::string_view{};
  // RFC 3986 has no "\" in a path, and browsers read it as "/": two readings of one path are one too many.
  if (request.raw_path.contains('\\')) return RequestFault::kBadTarget;
  const auto path = decoded_path(request.raw_path, arena);
  if (!path) return RequestFault::kBadTarget;
  request.path = *path;
  return std::nullopt;
}

MaybeFault set_absolute(Request& request, std::string_view target, base::Arena& arena) {
  const auto colon = target.find(':');
  const auto scheme = target.substr(0, colon);
  if (!base::equals_ignoring_case(scheme, "http") && !base::equals_ignoring_case(scheme, "https")) {
    return RequestFault::kBadTarget;
  }
  std::string_view rest = target.substr(scheme.size());
  if (!rest.starts_with("://")) return RequestFault::kBadTarget;
  rest.remove_prefix(3);
  const auto authority = rest.substr(0, rest.find_first_of("/?"));
  if (set_authority(request, authority, arena)) return RequestFault::kBadTarget;
  rest.remove_prefix(authority.size());
  if (rest.starts_with('/')) return set_origin(request, rest, arena);
  // RFC 9112 3.2.4: an OPTIONS whose URI has "an empty path and no query component" asks for the server as a whole.
  if (rest.empty() && request.method == Method::kOptions) {
    set_asterisk(request);
    return std::nullopt;
  }
  const auto rooted = as_characters(arena.allocate(rest.size() + 1));
  rooted[0] = '/';
  std::ranges::copy(rest, rooted.begin() + 1);
  return set_origin(request, {rooted.data(), rooted.size()}, arena);
}

// RFC 3986 3.2.2: unreserved and sub-delims; "%" is checked beside it.
constexpr CharacterClass kHostCharacters = make_class([](char c) {
  return base::is_alpha(c) || base::is_digit(c) || (c != '\0' && std::string_view("-._~!$&'()*+,;=").contains(c));
});

bool is_registered_name(std::string_view host) {
  constexpr std::size_t kHostBytesMax = 255;  // RFC 3986 3.2.2, after the DNS
  if (host.empty() || host.size() > kHostBytesMax) return false;
  for (std::size_t i = 0; i < host.size(); ++i) {
    if (is_in(kHostCharacters, host[i])) continue;
    if (host[i] != '%' || !decode_octet(host.substr(i + 1, 2))) return false;
    i += 2;
  }
  return true;
}

bool is_port(std::string_view text) { return text.empty() || base::parse_number<std::uint16_t>(text).has_value(); }

std::string_view lowered(std::string_view text, base::Arena& arena) {
  if (std::ranges::none_of(text, [](char c) { return c != base::to_lower(c); })) return text;
  const auto copy = as_characters(arena.allocate(text.size()));
  std::ranges::transform(text, copy.begin(), base::to_lower);
  return {copy.data(), copy.size()};
}

}  // namespace

MaybeFault set_target(Request& request, std::string_view target, base::Arena& arena) {
  if (target.empty() || visible_prefix(target) != target.size()) return RequestFault::kBadTarget;
  // RFC 9112 3.2: no form of the target has a fragment.
  if (target.contains('#')) return RequestFault::kBadTarget;
  if (target.front() == '/') return set_origin(request, target, arena);
  if (target != "*") return set_absolute(request, target, arena);
  if (request.method != Method::kOptions) return RequestFault::kBadTarget;
  set_asterisk(request);
  return std::nullopt;
}

MaybeFault set_authority(Request& request, std::string_view authority, base::Arena& arena) {
  const bool literal = authority.starts_with('[');
  const auto host_end = literal ? std::min(authority.find(']'), authority.size() - 1) + 1 : authority.find(':');
  std::string_view host = authority.substr(0, host_end);
  const std::string_view port = authority.substr(host.size());
  if (!port.empty() && (port.front() != ':' || !is_port(port.substr(1)))) return RequestFault::kBadHost;
  if (literal) {
    if (!base::IpAddress::parse(host)) return RequestFault::kBadHost;
    host = host.substr(1, host.size() - 2);
  } else {
    if (host.ends_with('.')) host.remove_suffix(1);
    if (!is_registered_name(host)) return RequestFault::kBadHost;
  }
  request.authority = authority;
  request.host = lowered(host, arena);
  return std::nullopt;
}

}  // namespace gate::http

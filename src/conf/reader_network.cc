// The readers of addresses, host names and URL paths.

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "conf/reader.h"

namespace gate::conf {
namespace {

bool is_ascii(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

// RFC 1123 2.1 and RFC 1035 2.3.4: letters, digits and inner hyphens, 63 octets at most. Names inside a network may
// hold an underscore as well, those of public sites may not.
bool is_label(std::string_view label, bool underscores) {
  constexpr std::size_t kLabelMax = 63;
  if (label.empty() || label.size() > kLabelMax || label.front() == '-' || label.back() == '-') return false;
  return std::ranges::all_of(
      label, [&](char c) { return base::is_alpha(c) || base::is_digit(c) || c == '-' || (underscores && c == '_'); });
}

bool is_dns_name(std::string_view name, bool underscores) {
  constexpr std::size_t kNameMax = 253;
  if (name.empty() || name.size() > kNameMax || name.ends_with('.')) return false;
  std::string_view label;
  for (auto rest = name; !rest.empty();) {
    label = base::split_off(rest, '.');
    if (!is_label(label, underscores)) return false;
  }
  // RFC 1123 2.1: a name whose last label is a number would be taken for an address.
  return !std::ranges::all_of(label, base::is_digit);
}

bool is_percent_encoded(std::string_view text) {
  for (auto at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 3)) {
    const auto digits = text.substr(at + 1, 2);
    if (digits.size() != 2 || !base::parse_number<unsigned>(digits, 16) || digits.front() == '-') return false;
  }
  return true;
}

// RFC 3986 3.3: pchar and "/", percent-encoding apart.
bool is_path_character(char c) {
  constexpr std::string_view kOthers = "/-._~!$&'()*+,;=:@%";
  return base::is_alpha(c) || base::is_digit(c) || kOthers.find(c) != std::string_view::npos;
}

bool has_dot_segment(std::string_view path) {
  for (auto rest = path.substr(1); !rest.empty();) {
    const auto segment = base::split_off(rest, '/');
    if (segment == "." || segment == "..") return true;
  }
  return false;
}

// Why `path` is none; empty when it is one.
std::string path_problem(std::string_view path, bool stars) {
  if (!path.starts_with('/')) return "a path starts with /";
  if (!is_ascii(path)) return "other than ASCII is percent-encoded, such as %C3%BC";
  if (path.find_first_of("?#") != std::string_view::npos) return "a path has no query and no fragment";
  if (!stars && path.find('*') != std::string_view::npos) return "no pattern is possible here";
  if (!std::ranges::all_of(path, is_path_character)) return "this character is percent-encoded in a path";
  if (!is_percent_encoded(path)) return "% is followed by two hexadecimal digits";
  if (has_dot_segment(path)) return "requests never hold the segments . and ..";
  return {};
}

// The zeroed network of a block whose host bits are set, for the suggestion.
std::string network_of(const base::IpAddress& address, unsigned prefix_bits) {
  const unsigned offset = address.is_v4() ? 96 : 0;
  std::array<std::uint8_t, 16> octets{};
  std::ranges::copy(address.octets(), octets.begin());
  for (unsigned bit = prefix_bits + offset; bit < 128; ++bit) {
    octets[bit / 8] = static_cast<std::uint8_t>(octets[bit / 8] & ~(0x80U >> (bit % 8)));
  }
  return fmt::format("{}/{}", base::IpAddress::v6(octets).to_string(), prefix_bits);
}

std::string trimmed_brackets(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return base::lowered(host);
}

// Splits "host:port"; the port is empty when none is written.
struct HostAndPort {
  std::string_view host;
  std::string_view port;
};

HostAndPort split_port(std::string_view text) {
  const auto colon = text.rfind(':');
  const bool bare_v6 = !text.starts_with('[') && text.find(':') != colon;
  if (colon == std::string_view::npos || text.ends_with(']') || bare_v6) return {text, {}};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

}  // namespace

std::optional<base::IpAddress> Reader::address(const Word& word) {
  const auto value = base::IpAddress::parse(word.text);
  if (!value) {
    error(kBadAddress, word, fmt::format("{} is not an IP address", shown(word.text)),
          "such as 192.0.2.1 or 2001:db8::1");
  }
  return value;
}

std::optional<base::Cidr> Reader::cidr(const Word& word) {
  const auto block = base::Cidr::parse(word.text);
  if (!block) {
    error(kBadCidr, word, fmt::format("{} is not a block of addresses", shown(word.text)),
          "such as 192.0.2.0/24, 2001:db8::/32 or a single address");
    return std::nullopt;
  }
  const auto slash = word.text.find('/');
  if (slash == std::string::npos) return block;
  // Both parts have been parsed once already.
  const auto address = base::IpAddress::parse(std::string_view(word.text).substr(0, slash)).value_or(base::IpAddress{});
  const auto bits = base::parse_number<unsigned>(std::string_view(word.text).substr(slash + 1)).value_or(0);
  const std::string network = network_of(address, bits);
  if (base::Cidr::parse(network) == block) return block;
  error(kBadCidr, word, fmt::format("{} names a single address and a block at once", shown(word.text)),
        fmt::format("did you mean \"{}\" or \"{}\"?", network, address.to_string()));
  return std::nullopt;
}

std::optional<std::uint16_t> Reader::port(const Word& word) { return integer<std::uint16_t>(word, 1, 65535); }

std::optional<base::Endpoint> Reader::endpoint(const Word& word) {
  const auto value = base::Endpoint::parse(word.text);
  if (value && value->port != 0) return value;
  error(kBadAddress, word, fmt::format("{} is not an address with a port", shown(word.text)),
        "such as 192.0.2.1:443 or [2001:db8::1]:443");
  return std::nullopt;
}

std::optional<HostPort> Reader::host_port(const Word& word, std::uint16_t default_port) {
  const auto [host, port_text] = split_port(word.text);
  const bool has_port = host.size() != word.text.size();
  const auto port = has_port ? base::parse_number<std::uint16_t>(port_text) : default_port;
  const bool host_is_good = base::IpAddress::parse(host).has_value() || is_dns_name(host, true);
  if (host_is_good && port && *port != 0) return HostPort{trimmed_brackets(host), *port};
  const bool only_port = base::parse_number<std::uint16_t>(word.text).has_value();
  error(kBadAddress, word, fmt::format("{} is not a host with a port", shown(word.text)),
        only_port ? fmt::format("did you mean \"localhost:{}\"?", word.text)
                  : "such as localhost:3000, 192.0.2.1:443 or [2001:db8::1]:443");
  return std::nullopt;
}

std::optional<HostName> Reader::host_name(const Word& word) {
  if (const auto address = base::IpAddress::parse(word.text)) {
    return HostName{address->to_string(), HostName::Kind::kAddress};
  }
  std::string name = base::lowered(word.text);
  if (name.ends_with('.')) name.pop_back();
  const bool wildcard = name.starts_with("*.");
  if (is_dns_name(wildcard ? std::string_view(name).substr(2) : std::string_view(name), false)) {
    return HostName{std::move(name), wildcard ? HostName::Kind::kWildcard : HostName::Kind::kExact};
  }
  std::string help = "such as example.com, *.example.com or 192.0.2.1";
  if (!is_ascii(name)) help = "write the name in its ASCII form, which starts with xn--";
  if (name.find("://") != std::string::npos) help = "a name only, without https:// and path";
  error(kBadHostName, word, fmt::format("{} is not a host name", shown(word.text)), std::move(help));
  return std::nullopt;
}

std::optional<std::string> Reader::url_path(const Word& word) { return url_text(word, false); }
std::optional<std::string> Reader::url_pattern(const Word& word) { return url_text(word, true); }

std::optional<std::string> Reader::url_text(const Word& word, bool stars) {
  std::string problem = path_problem(word.text, stars);
  if (problem.empty()) return word.text;
  error(kBadUrlPath, word, fmt::format("{} is not a path of a URL", shown(word.text)), std::move(problem));
  return std::nullopt;
}

}  // namespace gate::conf

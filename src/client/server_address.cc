#include "client/server_address.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/ip.h"
#include "base/text.h"
#include "client/codes.h"

namespace gate::client {
namespace {

struct KnownScheme {
  std::string_view text;
  Scheme scheme;
  std::uint16_t port;
};
constexpr std::array<KnownScheme, 3> kSchemes{{
    {"http", Scheme::kHttp, 80},
    {"https", Scheme::kHttps, 443},
    {"h2c", Scheme::kH2c, 80},
}};
constexpr std::string_view kServiceSuffix = "+srv";
constexpr std::size_t kNameBytesMax = 253;  // RFC 1035 2.3.4

const KnownScheme& known(Scheme scheme) { return *std::ranges::find(kSchemes, scheme, &KnownScheme::scheme); }

std::unexpected<base::Error> bad(std::string_view text, std::string_view why) {
  return base::fail({.code = kBadUpstreamAddress,
                     .side = base::Side::kConfiguration,
                     .what = fmt::format("\"{}\" is no address of a server", text),
                     .why = std::string(why),
                     .fix = "such as localhost:3000, https://example.com or unix:/run/app.sock"});
}

bool is_host_name(std::string_view name) {
  const auto fits = [](char c) { return base::is_alpha(c) || base::is_digit(c) || c == '-' || c == '.' || c == '_'; };
  return !name.empty() && name.size() <= kNameBytesMax && std::ranges::all_of(name, fits) && !name.starts_with('.') &&
         !name.contains("..");
}

// "host", "host:port", "[v6]:port", "v6", into `address`; a reason where it is none of those.
std::optional<std::string_view> read_host_and_port(std::string_view text, ServerAddress& address) {
  std::string_view host = text;
  std::string_view port;
  const auto colon = text.rfind(':');
  const bool bare_v6 = base::IpAddress::parse(text).has_value() && !text.starts_with('[');
  const bool has_port = !bare_v6 && colon != std::string_view::npos && text.find(']', colon) == std::string_view::npos;
  if (has_port) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
    const auto number = base::parse_number<std::uint16_t>(port);
    if (!number || *number == 0) return "the port is no number from 1 to 65535";
    address.port = *number;
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty()) host = "localhost";
  const auto ip = base::IpAddress::parse(host);
  if (!ip && !is_host_name(host)) return "the host is neither a name nor an address";
  address.host = ip ? ip->to_string() : base::lowered(host);
  return std::nullopt;
}

// "_app._tcp.example.com": RFC 2782, "The format of the SRV RR".
std::optional<std::string_view> read_service(std::string_view text, ServerAddress& address) {
  if (text.contains(':')) return "the port of a service is in its SRV records";
  const bool named = text.starts_with('_') && text.contains("._tcp.") && !text.ends_with("._tcp.");
  if (!named || !is_host_name(text)) return "a service is called _NAME._tcp.DOMAIN";
  address.host = base::lowered(text);
  address.port = 0;
  address.service = true;
  return std::nullopt;
}

}  // namespace

base::Result<ServerAddress> ServerAddress::parse(std::string_view text) {
  constexpr std::string_view kUnix = "unix:";
  ServerAddress address;
  if (text.starts_with(kUnix)) {
    address.path = text.substr(kUnix.size());
    address.port = 0;
    if (!address.path.starts_with('/')) return bad(text, "the path of a Unix socket begins with \"/\"");
    return address;
  }
  std::string_view rest = text;
  if (const auto end = text.find("://"); end != std::string_view::npos) {
    std::string_view name = text.substr(0, end);
    address.service = name.ends_with(kServiceSuffix);
    if (address.service) name.remove_suffix(kServiceSuffix.size());
    const auto scheme = std::ranges::find(kSchemes, name, &KnownScheme::text);
    if (scheme == kSchemes.end())
      return bad(text, "the scheme is none of http, https and h2c, with \"+srv\" or without");
    address.scheme = scheme->scheme;
    address.port = scheme->port;
    rest = text.substr(end + 3);
    if (rest.ends_with('/')) rest.remove_suffix(1);
    if (rest.empty()) return bad(text, "there is no host");
  }
  if (rest.empty()) return bad(text, "it is empty");
  if (rest.find_first_of("/?#@") != std::string_view::npos) {
    return bad(text, "a server has no path and no user; use \"rewrite\" to change the path of requests");
  }
  if (address.service) {
    if (const auto why = read_service(rest, address)) return bad(text, *why);
    return address;
  }
  if (std::ranges::all_of(rest, base::is_digit)) {
    const auto port = base::parse_number<std::uint16_t>(rest);
    if (!port || *port == 0) return bad(text, "a port is a number from 1 to 65535");
    address.host = "localhost";
    address.port = *port;
    return address;
  }
  if (const auto why = read_host_and_port(rest, address)) return bad(text, *why);
  return address;
}

std::string ServerAddress::authority() const {
  if (host.empty()) return "localhost";
  if (service) return std::string(certificate_name());
  const bool v6 = host.contains(':');
  const std::string name = v6 ? fmt::format("[{}]", host) : host;
  return port == known(scheme).port ? name : fmt::format("{}:{}", name, port);
}

std::string_view ServerAddress::certificate_name() const {
  constexpr std::string_view kProtocol = "._tcp.";
  const std::string_view name = host;
  return service ? name.substr(name.find(kProtocol) + kProtocol.size()) : name;
}

bool ServerAddress::is_this_machine() const {
  const auto address = base::IpAddress::parse(host);
  return host.empty() || host == "localhost" || (address && address->is_loopback());
}

std::string ServerAddress::to_string() const {
  if (host.empty()) return fmt::format("unix:{}", path);
  if (service) return fmt::format("{}{}://{}", known(scheme).text, kServiceSuffix, host);
  const std::string name = host.contains(':') ? fmt::format("[{}]", host) : host;
  return fmt::format("{}://{}:{}", known(scheme).text, name, port);
}

}  // namespace gate::client

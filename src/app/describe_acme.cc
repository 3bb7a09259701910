#include "app/describe_acme.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>
#include <string_view>

#include "app/certificates.h"
#include "app/on_demand/on_demand_settings.h"

namespace gate::app {
namespace {

std::string host_of(std::string_view directory) {
  directory.remove_prefix(directory.find("://") + 3);
  return std::string(directory.substr(0, directory.find('/')));
}

// By what an order proves the names; of a wildcard only DNS can.
std::string proofs(const AcmeSettings& settings, std::span<const std::string> names) {
  if (!settings.challenges.empty()) return fmt::format("{}", fmt::join(settings.challenges, " or "));
  if (std::ranges::any_of(names, [](const std::string& name) { return name.starts_with("*."); })) return "dns-01";
  return settings.dns ? "http-01, tls-alpn-01 or dns-01" : "http-01 or tls-alpn-01";
}

std::string describe(const SiteSettings& site) {
  const auto names = certificate_names(site);
  std::vector<std::string> authorities;
  for (const auto& authority : site.acme->authorities) authorities.push_back(host_of(authority.directory));
  return fmt::format("{}: from {}, proven by {}", fmt::join(names, ", "), fmt::join(authorities, ", else "),
                     proofs(*site.acme, names));
}

// "*.example.com: when a client asks for one, where http://127.0.0.1:8080/allowed permits it, at most 10 a minute"
std::string describe_on_demand(const SiteSettings& site) {
  const OnDemandSettings& settings = *site.acme->on_demand;
  std::vector<std::string> names;
  for (const auto& name : site.names) {
    if (name.kind == conf::HostName::Kind::kWildcard) names.push_back(name.name);
  }
  if (site.is_default) names.emplace_back("all other names");
  std::string permission;
  if (!settings.allow.empty()) permission = fmt::format("{}", fmt::join(settings.allow, ", "));
  if (!settings.ask.empty())
    permission += (permission.empty() ? "" : " and ") + fmt::format("what {} permits", settings.ask);
  return fmt::format("{}: when a client asks for one of them first: {}", fmt::join(names, ", "), permission);
}

}  // namespace

std::string authority_host(const AcmeSettings& settings) { return host_of(settings.authorities.front().directory); }

std::vector<std::string> describe_orders(const Settings& settings) {
  std::vector<std::string> lines;
  for (const auto& site : settings.sites) {
    if (!site.acme) continue;
    if (!certificate_names(site).empty()) lines.push_back(describe(site));
    if (site.acme->on_demand) lines.push_back(describe_on_demand(site));
  }
  return lines;
}

}  // namespace gate::app

#include "app/describe_acme.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>
#include <string_view>

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
  std::vector<std::string> names;
  for (const auto& name : site.names) names.push_back(name.name);
  std::vector<std::string> authorities;
  for (const auto& authority : site.acme->authorities) authorities.push_back(host_of(authority.directory));
  return fmt::format("{}: from {}, proven by {}", fmt::join(names, ", "), fmt::join(authorities, ", else "),
                     proofs(*site.acme, names));
}

}  // namespace

std::string authority_host(const AcmeSettings& settings) { return host_of(settings.authorities.front().directory); }

std::vector<std::string> describe_orders(const Settings& settings) {
  std::vector<std::string> lines;
  for (const auto& site : settings.sites) {
    if (site.acme) lines.push_back(describe(site));
  }
  return lines;
}

}  // namespace gate::app

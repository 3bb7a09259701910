#include "app/describe_acme.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string_view>

namespace gate::app {
namespace {

std::string host_of(std::string_view directory) {
  directory.remove_prefix(directory.find("://") + 3);
  return std::string(directory.substr(0, directory.find('/')));
}

std::string describe(const SiteSettings& site) {
  std::vector<std::string> names;
  for (const auto& name : site.names) names.push_back(name.name);
  std::vector<std::string> authorities;
  for (const auto& authority : site.acme->authorities) authorities.push_back(host_of(authority.directory));
  const auto& challenges = site.acme->challenges;
  const std::string ways =
      challenges.empty() ? "http-01 or tls-alpn-01" : fmt::format("{}", fmt::join(challenges, " or "));
  return fmt::format("{}: from {}, proven by {}", fmt::join(names, ", "), fmt::join(authorities, ", else "), ways);
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

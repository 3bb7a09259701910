#include "app/first_screen.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "app/about.h"
#include "app/describe_acme.h"
#include "app/folders.h"

namespace gate::app {
namespace {

constexpr std::size_t kSitesShown = 10;

std::string line(std::string_view label, std::string_view text) { return fmt::format("  {:<9} {}\n", label, text); }

std::uint16_t https_port(const std::vector<server::ListenerAddress>& addresses) {
  for (const auto& each : addresses) {
    if (each.role == server::ListenerRole::kTls) return each.endpoint.port;
  }
  return 0;
}

std::string sites(const Settings& settings, std::uint16_t port) {
  std::string text;
  for (std::size_t i = 0; i < settings.sites.size() && i < kSitesShown; ++i) {
    const auto& site = settings.sites[i];
    text += line(i == 0 ? (settings.sites.size() == 1 ? "site" : "sites") : "",
                 fmt::format("{}  →  {}", site_url(site, port), site.rule));
  }
  if (settings.sites.size() > kSitesShown)
    text += line("", fmt::format("and {} more", settings.sites.size() - kSitesShown));
  return text;
}

std::string_view spoken(server::ListenerRole role) {
  switch (role) {
    case server::ListenerRole::kTls: return "tcp https";
    case server::ListenerRole::kQuic: return "udp http/3";
    case server::ListenerRole::kClear: return "tcp http (redirect)";
  }
  return "";
}

// "443/tcp https   443/udp http/3   80/tcp http (redirect)"; what is open on several addresses is named once.
std::string ports(const std::vector<server::ListenerAddress>& addresses) {
  std::string text;
  std::vector<std::string> seen;
  for (const auto& each : addresses) {
    const std::string port = fmt::format("{}/{}", each.endpoint.port, spoken(each.role));
    if (std::ranges::find(seen, port) != seen.end()) continue;
    seen.push_back(port);
    text += (text.empty() ? "" : "   ") + port;
  }
  return text;
}

std::string certificates(const Settings& settings, const std::vector<SiteCredentials>& credentials,
                         base::WallTime now) {
  std::size_t local = 0;
  std::size_t own = 0;
  std::size_t issued = 0;
  std::size_t ordered = 0;
  bool on_demand = false;
  std::string authority;
  base::WallTime renewal = base::WallTime::max();
  base::WallTime expiry = base::WallTime::max();
  for (std::size_t i = 0; i < settings.sites.size(); ++i) {
    local += settings.sites[i].local_certificate ? 1 : 0;
    own += settings.sites[i].certificates.size();
    if (settings.sites[i].acme && settings.sites[i].acme->on_demand) {
      on_demand = true;
      authority = authority_host(*settings.sites[i].acme);
    }
    if (settings.sites[i].acme && !credentials[i].credentials.empty()) {
      (credentials[i].is_stand_in ? ordered : issued) += 1;
      authority = authority_host(*settings.sites[i].acme);
    }
    if (credentials[i].is_stand_in) continue;
    renewal = std::min(renewal, credentials[i].renewal);
    for (const auto& credential : credentials[i].credentials) expiry = std::min(expiry, credential.leaf().not_after());
  }
  const auto day = [](base::WallTime time) {
    return fmt::format("{:%d %b %Y}", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
  };
  const auto left = std::chrono::duration_cast<std::chrono::days>(expiry - now).count();
  std::string text;
  const auto part = [&text](const std::string& more) { text += (text.empty() ? "" : "; ") + more; };
  if (local > 0) part(fmt::format("{} of the local CA, renewed by {}", local, day(renewal)));
  if (own > 0) part(fmt::format("{} of yours", own));
  if (issued > 0) part(fmt::format("{} of {}", issued, authority));
  if (on_demand) part(fmt::format("on demand from {}", authority));
  if (ordered > 0) part(fmt::format("{} being ordered from {}", ordered, authority));
  if (expiry != base::WallTime::max()) part(fmt::format("first to end in {} days", left));
  return text;
}

}  // namespace

std::string site_url(const SiteSettings& site, std::uint16_t port) {
  const auto& name = site.names.front();
  const bool six = name.kind == conf::HostName::Kind::kAddress && name.name.find(':') != std::string::npos;
  const std::string host = six ? "[" + name.name + "]" : name.name;
  constexpr std::uint16_t kHttps = 443;
  return port == kHttps ? "https://" + host : fmt::format("https://{}:{}", host, port);
}

std::string first_screen(const Settings& settings, const std::vector<SiteCredentials>& credentials,
                         const std::vector<server::ListenerAddress>& addresses, base::WallTime now) {
  std::string text = fmt::format("gate443 {}\n", version());
  text += sites(settings, https_port(addresses));
  text += line("ports", ports(addresses));
  text += line("certs", certificates(settings, credentials, now));
  if (std::ranges::any_of(settings.sites, &SiteSettings::local_certificate)) {
    const bool usual = settings.state_folder == default_state_folder();
    text += line("", "browsers accept the local CA after: gate443 trust install" +
                         (usual ? "" : " --state " + settings.state_folder));
  }
  text += line("tls", "1.3 and 1.2, X25519MLKEM768 first, HTTP/2 and HTTP/1.1");
  text += line("state", settings.state_folder);
  return text;
}

}  // namespace gate::app

#include "app/bench/ground.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <random>
#include <utility>

#include "cert/issue.h"
#include "cert/rsa_key.h"
#include "conf/environment.h"
#include "conf/format.h"
#include "os/file.h"

namespace gate::app {
namespace {

constexpr std::size_t kSmallBytes = 300;
constexpr std::size_t kTextBytes = 50'000;
constexpr std::size_t kLargeBytes = 10'000'000;
constexpr mode_t kFileMode = 0600;

// The same in each run. Compresses as pages do: to about a quarter.
std::string page_of(std::size_t bytes) {
  static constexpr std::array<std::string_view, 24> kWords{
      "the",         "of",     "server", "request", "answers", "with",        "<p>",   "</p>",
      "<a href=\"/", "\">",    "time",   "secure",  "because", "certificate", "one",   "when",
      "names",       "people", "of its", "every",   "</a>",    "network",     "which", "than"};
  std::minstd_rand numbers(443);
  std::string text = "<!doctype html><title>Text</title>\n";
  while (text.size() < bytes) {
    text += kWords[numbers() % kWords.size()];
    text += numbers() % 12 == 0 ? fmt::format(" {}\n", numbers() % 100'000) : " ";
  }
  text.resize(bytes);
  return text;
}

// What cannot be compressed.
std::string noise_of(std::size_t bytes) {
  std::minstd_rand numbers(443);
  std::string noise(bytes, '\0');
  std::ranges::generate(noise, [&numbers] { return static_cast<char>(numbers() >> 8); });
  return noise;
}

}  // namespace

base::Result<Ground> Ground::create(const base::Clock& clock) {
  GATE_TRY_ASSIGN(auto folder, os::ScratchFolder::create("self-bench"));
  Ground ground(std::move(folder));
  GATE_TRY(ground.write_files());
  GATE_TRY(ground.write_certificate("ecdsa", cert::PrivateKey::generate(), clock.wall()));
  GATE_TRY(ground.write_certificate("rsa", cert::generate_rsa_key(), clock.wall()));
  return ground;
}

base::Result<void> Ground::write_files() const {
  const std::string www = folder_.path("www");
  GATE_TRY(os::make_directories(www, 0700));
  GATE_TRY(os::write_file_atomically(www + kSmallFile, std::string(kSmallBytes, 'x'), kFileMode));
  GATE_TRY(os::write_file_atomically(www + "/index.html", std::string(kSmallBytes, 'x'), kFileMode));
  GATE_TRY(os::write_file_atomically(www + kTextFile, page_of(kTextBytes), kFileMode));
  return os::write_file_atomically(www + kLargeFile, noise_of(kLargeBytes), kFileMode);
}

// Signed by its own key: the client believes anybody, and one certificate is what the least servers send.
base::Result<void> Ground::write_certificate(const std::string& name, const cert::PrivateKey& key,
                                             base::WallTime now) const {
  const std::array<std::string, 1> names{"*.localhost"};
  const cert::Validity validity{now - std::chrono::hours(1), now + std::chrono::hours(24)};
  const cert::Certificate certificate = cert::make_self_signed(key, names, validity);
  GATE_TRY(os::write_file_atomically(folder_.path(name + ".pem"), certificate.to_pem(), kFileMode));
  return os::write_file_atomically(folder_.path(name + ".key"), key.to_pem(), kFileMode);
}

LoadedConfiguration Ground::configuration() const {
  const auto quoted = [this](std::string_view name) { return conf::quoted(folder_.path(name)); };
  std::string text = fmt::format(
      "state {}\nhttps 127.0.0.1:0\nhttp off\nworkers 1\nadmin off\naudit-log off\naccess-log off\n", quoted("state"));
  const auto add_site = [&](std::string_view name, std::string_view key, const std::string& more) {
    text += fmt::format("site {} {{\n  tls cert {} key {}\n  {}\n  files {}\n}}\n", name,
                        quoted(fmt::format("{}.pem", key)), quoted(fmt::format("{}.key", key)), more, quoted("www"));
  };
  add_site(kPlain, "ecdsa", "");
  add_site(kRsa, "rsa", "");
  add_site(kLogged, "ecdsa", fmt::format("access-log {}", quoted("access.log")));
  add_site(kText, "ecdsa", "compress");
  const conf::SystemEnvironment environment;
  return load_configuration({.path = {}, .text = std::move(text), .name = "the benchmark's own"}, environment);
}

void stand_on(const Ground& ground, const std::string& site, Settings& own) {
  Settings settings = ground.configuration().settings;
  settings.limits = own.limits;
  settings.congestion = own.congestion;
  settings.trusted_proxies = own.trusted_proxies;
  // An operator bounds what strangers do; here all comes from one client.
  settings.limits.requests_per_connection_max = http::Limits{}.requests_per_connection_max;
  for (auto& each : settings.sites) {
    if (each.access_log) each.access_log->format = own.access_log.format;
  }
  const auto found = std::ranges::find(own.sites, site, [](const SiteSettings& each) { return each.name(); });
  if (found != own.sites.end()) {
    found->acme.reset();
    found->local_certificate = found->certificates.empty();
    found->access_log.reset();
    settings.sites.push_back(std::move(*found));
  }
  own = std::move(settings);
}

}  // namespace gate::app

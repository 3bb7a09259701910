#include "app/trust/trust_store.h"

#include <array>
#include <cstdlib>
#include <filesystem>

#include "app/trust/codes.h"
#include "app/trust/nss_store.h"
#include "app/trust/system_store.h"
#include "base/buffer.h"
#include "cert/verify.h"
#include "os/random.h"
#include "tls/client.h"
#include "tls/engine.h"
#include "tls/server_context.h"

namespace gate::app {
namespace {

// Firefox keeps a database a profile; snaps and flatpaks keep theirs elsewhere.
void add_firefox_profiles(const std::string& home, std::vector<std::unique_ptr<TrustStore>>& stores) {
  constexpr std::array kFolders{"/.mozilla/firefox", "/snap/firefox/common/.mozilla/firefox",
                                "/.var/app/org.mozilla.firefox/.mozilla/firefox"};
  for (const char* folder : kFolders) {
    std::error_code error;
    for (const auto& profile : std::filesystem::directory_iterator(home + folder, error)) {
      if (std::filesystem::exists(profile.path() / "cert9.db", error)) {
        stores.push_back(std::make_unique<NssStore>("Firefox", profile.path().string()));
      }
    }
  }
}

// Two engines that talk to each other until both are done or one has failed.
base::Result<void> shake_hands(tls::Engine& client, tls::Engine& server) {
  constexpr int kRounds = 8;
  base::Buffer to_server;
  base::Buffer to_client;
  for (int round = 0; round < kRounds; ++round) {
    tls::Io client_io{to_client.view(), to_server};
    const auto client_step = client.handshake(client_io);
    to_client.clear();
    if (client_step == tls::Step::kFailed) return base::fail(client.failure());
    tls::Io server_io{to_server.view(), to_client};
    const auto server_step = server.handshake(server_io);
    to_server.clear();
    if (server_step == tls::Step::kFailed) return base::fail(server.failure());
    if (client_step == tls::Step::kDone && server_step == tls::Step::kDone) return {};
  }
  return base::fail({.code = kNotTrustedYet, .what = "the handshake did not come to an end"});
}

}  // namespace

std::vector<std::unique_ptr<TrustStore>> find_trust_stores() {
  std::vector<std::unique_ptr<TrustStore>> stores;
  stores.push_back(std::make_unique<SystemStore>());
  const char* home = std::getenv("HOME");
  if (home == nullptr) return stores;
  stores.push_back(std::make_unique<NssStore>("Chromium", std::string(home) + "/.pki/nssdb"));
  add_firefox_profiles(home, stores);
  return stores;
}

base::Result<void> verify_by_handshake(const TrustStore& store, cert::LocalCa& ca, const base::Clock& clock) {
  const std::vector<std::string> names{"localhost"};
  GATE_TRY_ASSIGN(const auto credential, ca.issue(names, clock.wall()));
  os::SystemRandom random;
  tls::ServerSettings settings{
      .sites = {}, .ticket_keys = tls::TicketKeys::generate(random, clock.wall()), .key_log = {}};
  settings.sites.push_back({.names = names, .credentials = {&credential}, .policy = {}, .is_default = true});
  GATE_TRY_ASSIGN(auto server_context, tls::ServerContext::create(settings));
  GATE_TRY_ASSIGN(const auto roots, store.trusted(ca));
  GATE_TRY_ASSIGN(auto client_context, tls::ClientContext::create({.roots = &roots}, clock));
  tls::Engine client(client_context, {.server_name = "localhost"}, clock);
  tls::Engine server(server_context, base::IpAddress(), clock);
  if (auto shaken = shake_hands(client, server); !shaken) {
    return base::fail({.code = kNotTrustedYet,
                       .what = store.name() + " does not trust the local CA, though it was installed",
                       .why = shaken.error().what + ": " + shaken.error().why,
                       .fix = "see what is in that store; another tool may have taken it out again"});
  }
  return {};
}

}  // namespace gate::app

#include "cli/trust.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/folders.h"
#include "app/trust/codes.h"
#include "app/trust/trust_store.h"
#include "cert/local_ca.h"
#include "cli/commands.h"
#include "os/file.h"

namespace gate::cli {
namespace {

using trust::Authorities;
using trust::open_authorities;
using trust::Options;

void show(const Options& options, std::string_view state, std::string_view what) {
  if (!options.quiet && !options.json) fmt::print("  {:<10} {}\n", state, what);
}

// The command that does the same as root: whose own authority is another one.
std::string as_root(std::string_view action, const Options& options) {
  std::error_code error;
  const auto folder = std::filesystem::absolute(options.state_folder(), error);
  return fmt::format("sudo gate443 trust {} --state {}", action, folder.string());
}

base::Result<void> install_in(app::TrustStore& store, Authorities& authorities, const Options& options) {
  if (!store.is_ours_to_change()) {
    show(options, "left alone", fmt::format("{}, which is root's: {}", store.name(), as_root("install", options)));
    return {};
  }
  for (const auto& root : authorities.roots()) GATE_TRY(store.install(root));
  show(options, "trusted by", store.name());
  const base::SystemClock clock;
  GATE_TRY(app::verify_by_handshake(store, *authorities.local, clock));
  show(options, "verified", "a handshake with a certificate of the local CA succeeds");
  return {};
}

base::Result<void> remove_from(app::TrustStore& store, const Authorities& authorities, const Options& options) {
  const auto roots = authorities.roots();
  if (!store.is_ours_to_change()) {
    if (std::ranges::none_of(roots, [&](const auto& root) { return store.contains(root); })) return {};
    return base::fail({.code = app::kCannotTrust,
                       .what = "cannot take the local CA out of the store: " + store.name(),
                       .why = "only root may change it",
                       .fix = as_root("remove", options)});
  }
  for (const auto& root : roots) GATE_TRY(store.remove(root));
  show(options, "removed", store.name());
  return {};
}

// Each store in its turn, whatever became of the others; the last error decides the exit code.
template <class Act>
int on_all_stores(const Options& options, std::string_view done, Act act) {
  int code = to_int(Exit::kFine);
  for (const auto& store : app::find_trust_stores()) {
    if (const auto result = act(*store); !result) code = fail(result.error(), options);
  }
  if (options.json && code == to_int(Exit::kFine)) fmt::print("{}\n", nlohmann::json{{done, true}}.dump());
  return code;
}

int install(const Options& options) {
  auto ca = open_authorities(options, true);
  if (!ca) return fail(ca.error(), options);
  return on_all_stores(options, "installed", [&](auto& store) { return install_in(store, *ca, options); });
}

int remove(const Options& options) {
  const auto ca = open_authorities(options, false);
  if (!ca) return fail(ca.error(), options);
  return on_all_stores(options, "removed", [&](auto& store) { return remove_from(store, *ca, options); });
}

int path(const Options& options) {
  const auto ca = open_authorities(options, false);
  if (!ca) return fail(ca.error(), options);
  auto list = nlohmann::json::array();
  for (const auto& root : ca->roots()) {
    list.push_back(root.path);
    if (!options.json) fmt::print("{}\n", root.path);
  }
  if (options.json) fmt::print("{}\n", list.dump());
  return to_int(Exit::kFine);
}

int status(const Options& options) {
  const auto ca = open_authorities(options, false);
  if (!ca) return fail(ca.error(), options);
  auto stores = nlohmann::json::array();
  bool everywhere = true;
  for (const auto& store : app::find_trust_stores()) {
    bool trusted = true;
    for (const auto& root : ca->roots()) trusted = trusted && store->contains(root);
    everywhere = everywhere && trusted;
    stores.push_back({{"store", store->name()}, {"trusted", trusted}});
    if (!options.json && !options.quiet)
      fmt::print("  {:<12} {}\n", trusted ? "trusted by" : "unknown to", store->name());
  }
  if (options.json) fmt::print("{}\n", nlohmann::json{{"trusted", everywhere}, {"stores", stores}}.dump());
  return to_int(everywhere ? Exit::kFine : Exit::kFindings);
}

void add_qr_options(Parser parser, Options& options) {
  const Option url =
      parser.add_option("--url", options.url, "Only show the code of this page, which is served elsewhere");
  parser.add_option("--port", options.port, "Where to serve the page").show_default().within(1, 65535).excludes(url);
  parser.add_option("--address", options.address, "By which address of this machine phones reach it")
      .type_name("IP")
      .excludes(url);
}

}  // namespace

namespace trust {

std::string Options::state_folder() const { return state.empty() ? app::default_state_folder() : state; }

std::vector<cert::LocalCa::Root> Authorities::roots() const {
  std::vector<cert::LocalCa::Root> roots;
  if (local) roots = local->roots();
  if (internal) roots.push_back({internal->root(), internal->root_path()});
  return roots;
}

base::Result<Authorities> open_authorities(const Options& options, bool create) {
  const base::SystemClock clock;
  Authorities authorities;
  if (cert::InternalCa::exists(options.state_folder())) {
    GATE_TRY_ASSIGN(authorities.internal, cert::InternalCa::open(options.state_folder(), clock.wall()));
    if (!create && !os::inspect(options.ca_folder() + "/root.pem")) return authorities;
  }
  GATE_TRY_ASSIGN(authorities.local, create ? cert::LocalCa::open_or_create(options.ca_folder(), clock.wall())
                                            : cert::LocalCa::open(options.ca_folder(), clock.wall()));
  return authorities;
}

}  // namespace trust

Command add_trust(Parser program) {
  const Parser parser = program.add_subcommand("trust", "Make this machine's programs trust the local CA");
  auto options = std::make_shared<Options>();
  parser.require_subcommand();
  parser.footer("Examples:\n  gate443 trust install\n  gate443 trust status");
  const auto add = [&](const char* name, const char* text) {
    Parser action = parser.add_subcommand(name, text);
    action.add_option("--state", options->state, "The state folder with the CA").type_name("DIR");
    add_common_options(action, *options, fmt::format("  gate443 trust {0}\n  gate443 trust {0} --state ./state", name));
    return action;
  };
  const Parser install_parser =
      add("install", "Add the CA to the system's store and to browsers'; then check by a handshake");
  const Parser remove_parser = add("remove", "Take it out again");
  const Parser path_parser = add("path", "Print where the CA's certificate is");
  add("status", "Say where it is trusted; exit 1 when not everywhere");
  const Parser qr_parser = add("qr", "Show a QR code by which a phone comes to trust it, and serve the page");
  add_qr_options(qr_parser, *options);
  return {parser, [options, install_parser, remove_parser, path_parser, qr_parser] {
            if (qr_parser.parsed()) return trust::qr(*options);
            if (install_parser.parsed()) return install(*options);
            if (remove_parser.parsed()) return remove(*options);
            return path_parser.parsed() ? path(*options) : status(*options);
          }};
}

}  // namespace gate::cli

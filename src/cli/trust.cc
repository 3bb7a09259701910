#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "app/folders.h"
#include "app/trust/codes.h"
#include "app/trust/trust_store.h"
#include "cert/local_ca.h"
#include "cli/commands.h"

namespace gate::cli {
namespace {

struct Options : CommonOptions {
  std::string state;

  std::string state_folder() const { return state.empty() ? app::default_state_folder() : state; }
  std::string ca_folder() const { return state_folder() + "/ca"; }
};

void show(const Options& options, std::string_view state, std::string_view what) {
  if (!options.quiet && !options.json) fmt::print("  {:<10} {}\n", state, what);
}

// The command that does the same as root: whose own authority is another one.
std::string as_root(std::string_view action, const Options& options) {
  std::error_code error;
  const auto folder = std::filesystem::absolute(options.state_folder(), error);
  return fmt::format("sudo gate443 trust {} --state {}", action, folder.string());
}

base::Result<void> install_in(app::TrustStore& store, cert::LocalCa& ca, const Options& options) {
  if (!store.is_ours_to_change()) {
    show(options, "left alone", fmt::format("{}, which is root's: {}", store.name(), as_root("install", options)));
    return {};
  }
  for (const auto& root : ca.roots()) GATE_TRY(store.install(root));
  show(options, "trusted by", store.name());
  const base::SystemClock clock;
  GATE_TRY(app::verify_by_handshake(store, ca, clock));
  show(options, "verified", "a handshake with a certificate of the local CA succeeds");
  return {};
}

base::Result<void> remove_from(app::TrustStore& store, const cert::LocalCa& ca, const Options& options) {
  const auto roots = ca.roots();
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
  const base::SystemClock clock;
  auto ca = cert::LocalCa::open_or_create(options.ca_folder(), clock.wall());
  if (!ca) return fail(ca.error(), options);
  return on_all_stores(options, "installed", [&](auto& store) { return install_in(store, *ca, options); });
}

int remove(const Options& options) {
  const base::SystemClock clock;
  const auto ca = cert::LocalCa::open(options.ca_folder(), clock.wall());
  if (!ca) return fail(ca.error(), options);
  return on_all_stores(options, "removed", [&](auto& store) { return remove_from(store, *ca, options); });
}

int path(const Options& options) {
  const base::SystemClock clock;
  const auto ca = cert::LocalCa::open(options.ca_folder(), clock.wall());
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
  const base::SystemClock clock;
  const auto ca = cert::LocalCa::open(options.ca_folder(), clock.wall());
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

}  // namespace

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
  return {parser, [options, install_parser, remove_parser, path_parser] {
            if (install_parser.parsed()) return install(*options);
            if (remove_parser.parsed()) return remove(*options);
            return path_parser.parsed() ? path(*options) : status(*options);
          }};
}

}  // namespace gate::cli

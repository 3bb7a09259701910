#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <string>

#include "app/folders.h"
#include "app/trust/trust_store.h"
#include "cert/local_ca.h"
#include "cli/commands.h"

namespace gate::cli {
namespace {

struct Options : CommonOptions {
  std::string state;

  std::string ca_folder() const { return (state.empty() ? app::default_state_folder() : state) + "/ca"; }
};

// Calls `act` on each store and root; shows what came of it. The last error decides the exit code.
template <class Act>
int on_all_stores(const Options& options, const cert::LocalCa& ca, std::string_view done, Act act) {
  int code = to_int(Exit::kFine);
  for (const auto& store : app::find_trust_stores()) {
    bool good = true;
    for (const auto& root : ca.roots()) {
      if (auto result = act(*store, root); !result) {
        code = fail(result.error(), options);
        good = false;
      }
    }
    if (good && !options.quiet && !options.json) fmt::print("  {:<10} {}\n", done, store->name());
  }
  return code;
}

// Says whether programs that go by the system's roots accept us now.
int verify(const Options& options, cert::LocalCa& ca) {
  const base::SystemClock clock;
  const auto verified = app::verify_by_handshake(ca, clock);
  if (!verified) return fail(verified.error(), options);
  if (!options.quiet && !options.json)
    fmt::print("  verified   a handshake with a certificate of the local CA succeeds\n");
  return to_int(Exit::kFine);
}

int install(const Options& options) {
  const base::SystemClock clock;
  auto ca = cert::LocalCa::open_or_create(options.ca_folder(), clock.wall());
  if (!ca) return fail(ca.error(), options);
  const int code =
      on_all_stores(options, *ca, "trusted by", [](auto& store, const auto& root) { return store.install(root); });
  if (code != to_int(Exit::kFine)) return code;
  const int verified = verify(options, *ca);
  if (options.json && verified == to_int(Exit::kFine)) fmt::print("{}\n", nlohmann::json{{"installed", true}}.dump());
  return verified;
}

int remove(const Options& options) {
  const base::SystemClock clock;
  const auto ca = cert::LocalCa::open(options.ca_folder(), clock.wall());
  if (!ca) return fail(ca.error(), options);
  const int code =
      on_all_stores(options, *ca, "removed", [](auto& store, const auto& root) { return store.remove(root); });
  if (options.json && code == to_int(Exit::kFine)) fmt::print("{}\n", nlohmann::json{{"removed", true}}.dump());
  return code;
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

Command add_trust(CLI::App& program) {
  auto* parser = program.add_subcommand("trust", "Make this machine's programs trust the local CA");
  auto options = std::make_shared<Options>();
  parser->require_subcommand(1);
  parser->footer("Examples:\n  gate443 trust install\n  gate443 trust status");
  const auto add = [&](const char* name, const char* text) {
    auto* action = parser->add_subcommand(name, text);
    action->add_option("--state", options->state, "The state folder with the CA")->type_name("DIR");
    add_common_options(*action, *options,
                       fmt::format("  gate443 trust {0}\n  gate443 trust {0} --state ./state", name));
    return action;
  };
  auto* install_parser = add("install", "Add the CA to the system's store and to browsers'; then check by a handshake");
  auto* remove_parser = add("remove", "Take it out again");
  auto* path_parser = add("path", "Print where the CA's certificate is");
  add("status", "Say where it is trusted; exit 1 when not everywhere");
  return {parser, [options, install_parser, remove_parser, path_parser] {
            if (install_parser->parsed()) return install(*options);
            if (remove_parser->parsed()) return remove(*options);
            return path_parser->parsed() ? path(*options) : status(*options);
          }};
}

}  // namespace gate::cli

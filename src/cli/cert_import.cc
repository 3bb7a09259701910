#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "acme/account.h"
#include "acme/foreign_account.h"
#include "app/accounts.h"
#include "app/folders.h"
#include "base/clock.h"
#include "base/timestamp.h"
#include "cert/import.h"
#include "cert/store.h"
#include "cli/cert_commands.h"
#include "cli/codes.h"
#include "os/file.h"

namespace gate::cli {
namespace {

using nlohmann::json;

struct Options : CommonOptions {
  std::vector<std::string> from;
  std::string state;
  bool dry_run = false;
};

std::string home() {
  const char* value = std::getenv("HOME");
  return value == nullptr ? "" : value;
}

// Debian's package runs Caddy as a user of its own; else it keeps things in the user's data.
std::string caddy_storage() {
  const std::string service = "/var/lib/caddy/.local/share/caddy";
  return os::inspect(service) ? service : home() + "/.local/share/caddy";
}

base::Result<std::vector<cert::Foreign>> find(const std::vector<std::string>& from) {
  const std::string& program = from.front();
  const bool has_folder = from.size() > 1;
  std::vector<cert::Foreign> found;
  if (program == "certbot") {
    found = cert::find_certbot(has_folder ? from[1] : "/etc/letsencrypt/live");
  } else if (program == "caddy") {
    found = cert::find_caddy(has_folder ? from[1] : caddy_storage());
  } else if (program == "acme.sh") {
    found = cert::find_acme_sh(has_folder ? from[1] : home() + "/.acme.sh");
  } else if (from.size() <= 2) {
    found.push_back({.name = {}, .chain_file = program, .key_file = from.back()});
  }
  if (!found.empty()) return found;
  return base::fail({.code = kNothingToImport,
                     .side = base::Side::kConfiguration,
                     .what = "there is nothing to import",
                     .why = "no certificate was found there that has its key beside it",
                     .fix = "gate443 cert import certbot|caddy|acme.sh [FOLDER], or CHAIN-FILE KEY-FILE"});
}

// One that is kept already and lasts as long stays: it may be newer than what the other program has.
bool is_known(const cert::Store& store, const std::string& name, const cert::Certificate& leaf) {
  const auto kept = store.load(name);
  return kept && *kept && (*kept)->leaf().not_after() >= leaf.not_after();
}

struct Taken {
  std::string name;
  std::string from;
  std::string until;
  std::string outcome;  // "taken", "would be taken", "kept: …", or why not
  bool failed = false;
};

Taken take(const cert::Foreign& foreign, const cert::Store& store, bool dry_run) {
  Taken taken{.name = foreign.name, .from = foreign.chain_file, .until = {}, .outcome = {}};
  const auto credential = cert::read_foreign(foreign);
  if (!credential) {
    taken.outcome = credential.error().what;
    taken.failed = true;
    return taken;
  }
  const auto& leaf = credential->leaf();
  taken.name = cert::name_to_keep(foreign, leaf);
  taken.until = base::to_timestamp(leaf.not_after());
  if (leaf.not_after() < base::SystemClock().wall()) {
    taken.outcome = "left: it has expired";
  } else if (is_known(store, taken.name, leaf)) {
    taken.outcome = "left: the one that is kept lasts as long";
  } else if (dry_run) {
    taken.outcome = "would be taken";
  } else if (const auto saved = store.save(taken.name, *credential); !saved) {
    taken.outcome = saved.error().what;
    taken.failed = true;
  } else {
    taken.outcome = "taken";
  }
  return taken;
}

// certbot keeps its accounts beside its certificates: "accounts" beside "live".
std::vector<acme::ForeignAccount> find_accounts(const std::vector<std::string>& from) {
  if (from.front() != "certbot") return {};
  const std::filesystem::path live = from.size() > 1 ? from[1] : "/etc/letsencrypt/live";
  return acme::find_certbot_accounts((live.lexically_normal() / ".." / "accounts").lexically_normal().string());
}

base::Result<void> save_account(const std::string& folder, const acme::Account& account) {
  GATE_TRY(os::make_directories(folder, 0700));
  GATE_TRY(acme::save_account_facts(folder, account));
  return acme::save_account_key(folder, account.key);
}

Taken take_account(const acme::ForeignAccount& foreign, const std::string& state, bool dry_run) {
  Taken taken{.name = foreign.directory, .from = foreign.key_file, .until = {}, .outcome = {}};
  const std::string folder = app::account_folder(state, foreign.directory);
  const auto account = acme::read_foreign_account(foreign, base::SystemClock().wall());
  if (!account) {
    taken.outcome = account.error().what;
    taken.failed = true;
  } else if (acme::has_account(folder)) {
    taken.outcome = "left: there is an account at that authority";
  } else if (dry_run) {
    taken.outcome = "would be taken";
  } else if (const auto saved = save_account(folder, *account); !saved) {
    taken.outcome = saved.error().what;
    taken.failed = true;
  } else {
    taken.outcome = "taken";
  }
  return taken;
}

// Root imports for a server that runs as somebody else.
base::Result<void> give_to_owner(const std::string& state) {
  GATE_TRY_ASSIGN(const auto owner, os::inspect(state));
  for (const char* name : {"/certificates", "/acme"}) {
    if (!os::inspect(state + name)) continue;
    GATE_TRY(os::give_folder(state + name, owner.owner, owner.group));
  }
  return {};
}

void print(const std::vector<Taken>& all, const Options& options) {
  if (options.json) {
    auto list = json::array();
    for (const auto& each : all)
      list.push_back({{"name", each.name}, {"from", each.from}, {"until", each.until}, {"outcome", each.outcome}});
    fmt::print("{}\n", list.dump());
    return;
  }
  for (const auto& each : all) {
    if (!options.quiet || each.failed)
      fmt::print("{:<30} {:<10}  {}\n", fitted(each.name, 30), each.until.substr(0, 10), each.outcome);
  }
}

int run(const Options& options) {
  const auto found = find(options.from);
  if (!found) return fail(found.error(), options);
  const std::string state = options.state.empty() ? app::default_state_folder() : options.state;
  const cert::Store store(state + "/certificates/acme");
  std::vector<Taken> all;
  for (const auto& each : *found) all.push_back(take(each, store, options.dry_run));
  for (const auto& each : find_accounts(options.from)) all.push_back(take_account(each, state, options.dry_run));
  const bool any_failed = std::ranges::any_of(all, &Taken::failed);
  const bool any_taken = std::ranges::any_of(all, [](const Taken& each) { return each.outcome == "taken"; });
  if (any_taken) {
    if (const auto given = give_to_owner(state); !given) return fail(given.error(), options);
  }
  print(all, options);
  return to_int(any_failed ? Exit::kFindings : Exit::kFine);
}

}  // namespace

Command add_cert_import(Parser cert) {
  auto options = std::make_shared<Options>();
  const Parser parser = cert.add_subcommand("import", "Take certificates over from certbot, Caddy, acme.sh or files");
  parser.add_option("FROM", options->from, "certbot, caddy or acme.sh with a folder; or files: chain, key").required();
  parser.add_option("--state", options->state, "The state folder").type_name("DIR");
  parser.add_flag("--dry-run", options->dry_run, "Only say what would be taken");
  add_common_options(parser, *options,
                     "  gate443 cert import certbot --dry-run\n  gate443 cert import fullchain.pem privkey.pem");
  return {parser, [options] { return run(*options); }};
}

}  // namespace gate::cli

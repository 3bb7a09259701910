// gate443 acme account, rollover.

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "acme/account.h"
#include "app/accounts.h"
#include "app/folders.h"
#include "base/timestamp.h"
#include "cli/admin.h"
#include "cli/commands.h"

namespace gate::cli {
namespace {

using nlohmann::json;

constexpr std::chrono::minutes kPatience{3};

struct Options : AdminOptions {
  std::string authority;
};

json to_json(const app::StoredAccount& stored) {
  json made{{"authority", stored.host}, {"file", stored.key_file}};
  if (!stored.account) {
    made["problem"] = stored.account.error().what;
    return made;
  }
  const acme::Account& account = *stored.account;
  made["directory"] = account.directory;
  made["url"] = account.url;
  made["contacts"] = account.contacts;
  made["key"] = cert::to_string(account.key.type());
  made["thumbprint"] = account.thumbprint();
  made["key_change_pending"] = account.next_key.has_value();
  if (account.since != base::WallTime{}) made["since"] = base::to_timestamp(account.since);
  return made;
}

void line(std::string_view label, std::string_view text) {
  if (!text.empty()) fmt::print("  {:<8} {}\n", label, text);
}

void print(const json& account) {
  fmt::print("{}\n", account.value("authority", ""));
  line("account", account.value("url", ""));
  for (const auto& contact : account.value("contacts", json::array())) line("contact", contact.get<std::string>());
  line("key", account.value("key", ""));
  line("", account.value("thumbprint", ""));
  line("since", account.value("since", "").substr(0, std::string_view("2026-01-31").size()));
  line("file", account.value("file", ""));
  line("wrong", account.value("problem", ""));
  if (account.value("key_change_pending", false))
    line("pending", "another key is kept beside it; the authority is asked which it knows");
}

// Reads the state folder, so that it needs no server.
int show(const Options& options) {
  const auto accounts = app::stored_accounts(options.state.empty() ? app::default_state_folder() : options.state);
  json all = json::array();
  bool is_well = true;
  for (const auto& each : accounts) {
    is_well = is_well && each.account.has_value();
    if (options.authority.empty() || each.host == options.authority) all.push_back(to_json(each));
  }
  if (options.json) {
    fmt::print("{}\n", all.dump());
  } else if (!options.quiet) {
    for (const auto& each : all) print(each);
    if (all.empty()) fmt::print("no accounts: one is made with the first order at an authority\n");
  }
  return to_int(is_well ? Exit::kFine : Exit::kFindings);
}

int roll_over(const Options& options) {
  const json request{{"command", "account_key_change"}, {"authority", options.authority}};
  return show_text(ask_and_wait(request, options, "rollover", kPatience), options);
}

}  // namespace

Command add_acme(Parser program) {
  const Parser parser = program.add_subcommand("acme", "Our accounts at certificate authorities");
  auto options = std::make_shared<Options>();
  parser.require_subcommand();
  parser.footer("Examples:\n  gate443 acme account\n  gate443 acme rollover");
  const Parser account = parser.add_subcommand("account", "The accounts: where, whose, since when, by which key");
  account.add_option("CA", options->authority, "The authority's host rather than all");
  add_admin_options(account, *options, "  gate443 acme account\n  gate443 acme account --json");
  const Parser rollover = parser.add_subcommand("rollover", "Give the account another key");
  rollover.add_option("CA", options->authority, "The authority's host, where there are accounts at several");
  add_admin_options(rollover, *options,
                    "  gate443 acme rollover\n  gate443 acme rollover acme-v02.api.letsencrypt.org");
  return {parser, [=] { return account.parsed() ? show(*options) : roll_over(*options); }};
}

}  // namespace gate::cli

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <utility>
#include <vector>

#include "app/admin/admin_client.h"
#include "app/admin/codes.h"
#include "app/certificates.h"
#include "app/folders.h"
#include "app/inventory.h"
#include "base/clock.h"
#include "cli/cert_commands.h"
#include "cli/codes.h"
#include "cli/commands.h"
#include "os/file.h"

namespace gate::cli {
namespace {

// Without a server: what its state folder keeps. `no_server` is what is wrong where there is none either.
base::Result<nlohmann::json> stored_certificates(const AdminOptions& options, const std::string& name,
                                                 const base::Error& no_server) {
  const std::string folder = options.state.empty() ? app::default_state_folder() : options.state;
  if (!os::inspect(folder + "/certificates")) return base::fail(no_server);
  const base::SystemClock clock;
  const app::Certificates certificates(folder, clock);
  const auto now = clock.wall();
  GATE_TRY_ASSIGN(const auto inventory, app::take_stored_inventory(certificates, now));
  auto list = nlohmann::json::array();
  for (const auto& entry : inventory.entries) {
    if (name.empty() || entry.site == name || entry.credential->leaf().covers(name))
      list.push_back(to_json(entry, certificates, now, !name.empty()));
  }
  if (!options.json && !options.quiet) fmt::print(stderr, "no server runs; this is what {} keeps\n", folder);
  return list;
}

}  // namespace

base::Result<nlohmann::json> ask_certificates(const AdminOptions& options, const std::string& name) {
  nlohmann::json request{{"command", "certificates"}};
  if (!name.empty()) request["name"] = name;
  auto answer = app::call_admin(options.path(), request);
  const bool is_there = answer || answer.error().code != app::kNoServer || !options.socket.empty();
  if (!is_there) answer = stored_certificates(options, name, answer.error());
  GATE_TRY_ASSIGN(auto all, std::move(answer));
  if (name.empty() || !all.empty()) return all;
  return base::fail({.code = kNoSuchCertificate,
                     .side = base::Side::kConfiguration,
                     .what = fmt::format("there is no certificate for \"{}\"", name),
                     .fix = "gate443 cert list   shows those it has"});
}

std::string day_of(const nlohmann::json& object, const char* member) {
  return object.value(member, "").substr(0, std::string_view("2026-01-31").size());
}

std::string minute_of(const nlohmann::json& object, const char* member) {
  std::string text = object.value(member, "").substr(0, std::string_view("2026-01-31T09:30").size());
  if (const auto separator = text.find('T'); separator != std::string::npos) text[separator] = ' ';
  return text;
}

std::string common_name(const std::string& distinguished_name) {
  constexpr std::string_view kLabel = "CN=";
  const auto begin = distinguished_name.find(kLabel);
  if (begin == std::string::npos) return distinguished_name;
  const auto end = distinguished_name.find(", ", begin);
  const auto value = begin + kLabel.size();
  return distinguished_name.substr(value, end == std::string::npos ? end : end - value);
}

// By characters: a common name may hold any.
std::string fitted(const std::string& text, std::size_t columns) {
  const auto is_start = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; };
  std::size_t characters = 0;
  std::size_t cut = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!is_start(text[i])) continue;
    if (characters + 1 == columns) cut = i;
    ++characters;
  }
  return characters <= columns ? text : text.substr(0, cut) + "…";
}

Command add_cert(Parser program) {
  const Parser parser = program.add_subcommand("cert", "List, check, plan and move certificates");
  parser.require_subcommand();
  parser.footer("Examples:\n  gate443 cert list\n  gate443 cert check --quiet");
  std::vector<Command> commands{add_cert_list(parser),   add_cert_show(parser),      add_cert_plan(parser),
                                add_cert_check(parser),  add_cert_export(parser),    add_cert_import(parser),
                                add_cert_backup(parser), add_cert_restore(parser),   add_cert_renew(parser),
                                add_cert_revoke(parser), add_cert_dns_record(parser)};
  return {parser, [commands = std::move(commands)] {
            for (const Command& each : commands) {
              if (each.parser.parsed()) return each.run();
            }
            return to_int(Exit::kBug);
          }};
}

}  // namespace gate::cli

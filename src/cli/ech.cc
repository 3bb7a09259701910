#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <string>

#include "app/admin/admin_client.h"
#include "app/codes.h"
#include "cli/admin.h"
#include "cli/commands.h"

namespace gate::cli {
namespace {

struct Options : AdminOptions {
  std::string name;
};

base::Result<nlohmann::json> facts(const AdminOptions& options) {
  return app::call_admin(options.path(), {{"command", "ech"}});
}

// How the records stand that the server keeps itself.
void show_records(const nlohmann::json& ech) {
  for (const auto& each : ech.value("names", nlohmann::json::array())) {
    const auto name = each.value("name", "");
    const auto& record = each.at("record");
    const auto state = record.value("state", "");
    const auto more = state == "published" ? " at " + record.value("seen", "") : std::string();
    const auto own =
        name == ech.value("outer_name", "") ? std::string("says no key: everybody sees this name") : state + more;
    fmt::print("record of      {}  {}\n", name, own);
    if (state == "failed") fmt::print("               {}\n", record.value("why", ""));
  }
}

int status(const AdminOptions& options) {
  const auto ech = facts(options);
  if (!ech) return fail(ech.error(), options);
  if (options.json) {
    fmt::print("{}\n", ech->dump());
    return to_int(Exit::kFine);
  }
  fmt::print("observers see  {}\n", ech->value("outer_name", ""));
  fmt::print("next key       {}\n", ech->value("next_rotation", ""));
  for (const auto& key : ech->at("keys")) {
    fmt::print("key of         {}  {}\n", key.value("made", ""),
               key.value("published", false) ? "to be published" : "still opens what was published before");
  }
  if (ech->value("publishes", false)) show_records(*ech);
  fmt::print("\ngate443 ech record NAME   prints what DNS has to say\n");
  return to_int(Exit::kFine);
}

// RFC 9460 2.1 and RFC 9848: the record of a site on port 443.
std::string record_of(const std::string& name, const std::string& protocols, const std::string& configs) {
  const std::string alpn = protocols.empty() ? "" : fmt::format(" alpn=\"{}\"", protocols);
  return fmt::format("{}. 300 IN HTTPS 1 .{} ech=\"{}\"", name, alpn, configs);
}

int record(const Options& options) {
  const auto ech = facts(options);
  if (!ech) return fail(ech.error(), options);
  for (const auto& each : ech->value("names", nlohmann::json::array())) {
    if (each.value("name", "") != options.name) continue;
    const auto text = record_of(options.name, each.value("alpn", ""), ech->value("published", ""));
    if (options.json) {
      fmt::print("{}\n", nlohmann::json{{"name", options.name}, {"record", text}}.dump());
    } else {
      fmt::print("{}\n", text);
    }
    return to_int(Exit::kFine);
  }
  return fail({.code = app::kNoEch,
               .side = base::Side::kConfiguration,
               .what = fmt::format("no site is called \"{}\"", options.name),
               .fix = "write the name as it stands in the configuration"},
              options);
}

}  // namespace

Command add_ech(Parser program) {
  const Parser parser = program.add_subcommand("ech", "Encrypted names of sites (ECH): keys, and what DNS has to say");
  auto options = std::make_shared<Options>();
  parser.require_subcommand();
  const Parser status_parser = parser.add_subcommand("status", "The outer name and the keys");
  const Parser record_parser = parser.add_subcommand("record", "The HTTPS record to publish for a site");
  record_parser.add_option("NAME", options->name, "A site's name").required();
  add_admin_options(status_parser, *options, "  gate443 ech status\n  gate443 ech status --json");
  add_admin_options(record_parser, *options,
                    "  gate443 ech record example.com\n  gate443 ech record example.com --json");
  parser.footer("Examples:\n  gate443 ech status\n  gate443 ech record example.com");
  return {parser, [options, record_parser] { return record_parser.parsed() ? record(*options) : status(*options); }};
}

}  // namespace gate::cli

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <string>

#include "app/admin/admin_client.h"
#include "cli/admin.h"
#include "cli/codes.h"
#include "cli/commands.h"

namespace gate::cli {
namespace {

struct Options : AdminOptions {
  std::string name;
};

base::Result<nlohmann::json> certificates(const AdminOptions& options) {
  return app::call_admin(options.path(), {{"command", "certificates"}});
}

std::string joined(const nlohmann::json& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name.get<std::string>();
  return text;
}

std::string day(const nlohmann::json& certificate, const char* member) {
  return certificate.value(member, "").substr(0, std::string_view("2026-01-31").size());
}

int list(const AdminOptions& options) {
  const auto all = certificates(options);
  if (!all) return fail(all.error(), options);
  if (options.json) {
    fmt::print("{}\n", all->dump());
    return to_int(Exit::kFine);
  }
  fmt::print("{:<30}  {:<12}  {:<10}  {:<10}  {}\n", "site", "key", "ends", "renewal", "source");
  for (const auto& each : *all) {
    fmt::print("{:<30}  {:<12}  {:<10}  {:<10}  {}\n", each.value("site", ""), each.value("key", ""),
               day(each, "not_after"), day(each, "renewal"), each.value("source", ""));
  }
  return to_int(Exit::kFine);
}

bool is_about(const nlohmann::json& certificate, const std::string& name) {
  if (certificate.value("site", "") == name) return true;
  for (const auto& each : certificate.at("names")) {
    if (each == name) return true;
  }
  return false;
}

void show_one(const nlohmann::json& each) {
  const auto line = [](std::string_view label, const std::string& text) { fmt::print("  {:<8} {}\n", label, text); };
  fmt::print("{}\n", each.value("site", ""));
  line("names", joined(each.at("names")));
  line("issuer", each.value("issuer", ""));
  line("key", each.value("key", ""));
  line("valid", day(each, "not_before") + " to " + day(each, "not_after"));
  if (each.contains("renewal")) line("renewal", day(each, "renewal"));
  if (each.value("revoked", false)) line("revoked", "by its authority: replace it");
  line("source", each.value("source", ""));
  line("serial", each.value("serial", ""));
  line("sha256", each.value("sha256", ""));
}

int show(const Options& options) {
  const auto all = certificates(options);
  if (!all) return fail(all.error(), options);
  auto found = nlohmann::json::array();
  for (const auto& each : *all) {
    if (is_about(each, options.name)) found.push_back(each);
  }
  if (found.empty()) {
    return fail({.code = kNoSuchCertificate,
                 .side = base::Side::kConfiguration,
                 .what = fmt::format("the server has no certificate for \"{}\"", options.name),
                 .fix = "gate443 cert list   shows those it has"},
                options);
  }
  if (options.json) {
    fmt::print("{}\n", found.dump());
  } else {
    for (const auto& each : found) show_one(each);
  }
  return to_int(Exit::kFine);
}

}  // namespace

Command add_cert(Parser program) {
  const Parser parser = program.add_subcommand("cert", "List and show the running server's certificates");
  auto options = std::make_shared<Options>();
  parser.require_subcommand();
  const Parser list_parser = parser.add_subcommand("list", "All of them, a line each");
  const Parser show_parser = parser.add_subcommand("show", "One of them, with all that is known");
  show_parser.add_option("NAME", options->name, "A site's name, or one the certificate is for").required();
  add_admin_options(list_parser, *options, "  gate443 cert list\n  gate443 cert list --json");
  add_admin_options(show_parser, *options, "  gate443 cert show example.com\n  gate443 cert show localhost --json");
  const Command renew = add_cert_renew(parser);
  parser.footer("Examples:\n  gate443 cert list\n  gate443 cert show example.com");
  return {parser, [options, list_parser, renew] {
            if (renew.parser.parsed()) return renew.run();
            return list_parser.parsed() ? list(*options) : show(*options);
          }};
}

}  // namespace gate::cli

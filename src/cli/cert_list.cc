#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>
#include <string>

#include "cli/cert_commands.h"

namespace gate::cli {
namespace {

using nlohmann::json;

constexpr std::size_t kSiteColumnsMax = 30;

// "good", or what is worst about it.
std::string state_of(const json& certificate) {
  const json& findings = certificate.at("findings");
  if (findings.empty()) return certificate.contains("running_order") ? "being ordered" : "good";
  std::string text = findings.front().value("concern", "");
  std::ranges::replace(text, '_', ' ');
  return text;
}

std::string renewal_of(const json& certificate) {
  std::string day = day_of(certificate, "renewal");
  if (!day.empty()) return day;
  return certificate.value("source", "").starts_with("ACME") ? "no more" : "by you";
}

void print(const json& all) {
  std::size_t columns = std::string_view("site").size();
  for (const auto& each : all) columns = std::max(columns, each.value("site", "").size());
  columns = std::min(columns, kSiteColumnsMax);
  const std::size_t issuer_columns = 76 - columns - 10 - 10 - 16;
  const auto line = [&](const std::string& site, const std::string& issuer, const std::string& until,
                        const std::string& renewal, const std::string& state) {
    fmt::print("{:<{}} {:<{}} {:<10} {:<10} {}\n", fitted(site, columns), columns, fitted(issuer, issuer_columns),
               issuer_columns, until, renewal, state);
  };
  line("site", "issuer", "until", "renewal", "state");
  for (const auto& each : all) {
    line(each.value("site", ""), common_name(each.value("issuer", "")), day_of(each, "not_after"), renewal_of(each),
         state_of(each));
  }
}

int list(const AdminOptions& options) {
  const auto all = ask_certificates(options, {});
  if (!all) return fail(all.error(), options);
  if (options.json) {
    fmt::print("{}\n", all->dump());
  } else if (!options.quiet) {
    print(*all);
  }
  return to_int(Exit::kFine);
}

}  // namespace

Command add_cert_list(Parser cert) {
  auto options = std::make_shared<AdminOptions>();
  const Parser parser = cert.add_subcommand("list", "All certificates of the running server, a line each");
  add_admin_options(parser, *options, "  gate443 cert list\n  gate443 cert list --json");
  return {parser, [options] { return list(*options); }};
}

}  // namespace gate::cli

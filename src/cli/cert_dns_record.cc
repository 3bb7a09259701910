#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>

#include "cli/cert_commands.h"

namespace gate::cli {
namespace {

using nlohmann::json;

struct Options : AdminOptions {
  std::string name;
};

void print(const json& records) {
  for (const auto& each : records) {
    fmt::print("{}\n", each.value("record", ""));
    if (each.value("seen", false)) {
      fmt::print("  seen\n");
      continue;
    }
    const std::string why = each.value("why", "");
    fmt::print("  not seen: {}{}{}\n", each.value("problem", ""), why.empty() ? "" : ": ", why);
  }
}

int show(const Options& options) {
  // The account may have to be made, and each server of the DNS be asked a few times.
  constexpr std::chrono::minutes kPatience{2};
  const auto records =
      ask_and_wait({{"command", "persist_records"}, {"site", options.name}}, options, options.name, kPatience);
  if (!records) return fail(records.error(), options);
  const bool all = std::ranges::all_of(*records, [](const json& each) { return each.value("seen", false); });
  if (options.json) {
    fmt::print("{}\n", records->dump());
  } else if (!options.quiet || !all) {
    print(*records);
  }
  return to_int(all ? Exit::kFine : Exit::kFindings);
}

}  // namespace

Command add_cert_dns_record(Parser cert) {
  const Parser parser =
      cert.add_subcommand("dns-record", "The DNS record that proves a site for ever (dns-persist-01)");
  auto options = std::make_shared<Options>();
  parser.add_option("NAME", options->name, "A site with a certificate of an authority").required();
  add_admin_options(parser, *options,
                    "  gate443 cert dns-record example.com\n"
                    "  gate443 cert dns-record example.com --json");
  return {parser, [options] { return show(*options); }};
}

}  // namespace gate::cli

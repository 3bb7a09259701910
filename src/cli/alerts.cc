#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>
#include <string>

#include "app/admin/admin_client.h"
#include "cli/admin.h"
#include "cli/commands.h"

namespace gate::cli {
namespace {

int test(const AdminOptions& options) {
  const auto answers = app::call_admin(options.path(), {{"command", "alerts_test"}});
  if (!answers) return fail(answers.error(), options);
  const bool all = std::ranges::all_of(*answers, [](const auto& each) { return each.value("delivered", false); });
  if (options.json) {
    fmt::print("{}\n", answers->dump());
  } else if (!options.quiet || !all) {
    for (const auto& each : *answers) {
      fmt::print("{}  {}\n  {}\n", each.value("delivered", false) ? "told  " : "failed", each.value("to", ""),
                 each.value("answer", ""));
    }
  }
  return to_int(all ? Exit::kFine : Exit::kOutside);
}

}  // namespace

Command add_alerts(Parser program) {
  const Parser parser = program.add_subcommand("alerts", "Try whether alarms arrive");
  auto options = std::make_shared<AdminOptions>();
  parser.require_subcommand();
  const Parser test_parser =
      parser.add_subcommand("test", "Send a test to everybody in \"alerts\", and show the answers");
  add_admin_options(test_parser, *options, "  gate443 alerts test\n  gate443 alerts test --json");
  parser.footer("Examples:\n  gate443 alerts test\n  gate443 alerts test --json");
  return {parser, [options] { return test(*options); }};
}

}  // namespace gate::cli

#include "app/metrics/status.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>

#include "cli/admin.h"
#include "cli/commands.h"

namespace gate::cli {
namespace {

int status(const AdminOptions& options) {
  return show_answer({{"command", "status"}}, options,
                     [](const nlohmann::json& answer) { fmt::print("{}", app::render_status(answer)); });
}

}  // namespace

Command add_status(Parser program) {
  const Parser parser = program.add_subcommand("status", "Show what the running server does");
  auto options = std::make_shared<AdminOptions>();
  add_admin_options(parser, *options,
                    "  gate443 status\n"
                    "  gate443 status --json");
  return {parser, [options] { return status(*options); }};
}

}  // namespace gate::cli

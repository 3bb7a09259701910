#include "app/metrics/status.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>

#include "app/admin/admin_client.h"
#include "cli/admin.h"
#include "cli/commands.h"

namespace gate::cli {
namespace {

int status(const AdminOptions& options) {
  const auto answer = app::call_admin(options.path(), {{"command", "status"}});
  if (!answer) return fail(answer.error(), options);
  if (options.json) {
    fmt::print("{}\n", answer->dump());
  } else if (!options.quiet) {
    fmt::print("{}", app::render_status(*answer));
  }
  return to_int(Exit::kFine);
}

}  // namespace

Command add_status(CLI::App& program) {
  auto* parser = program.add_subcommand("status", "Show what the running server does");
  auto options = std::make_shared<AdminOptions>();
  add_admin_options(*parser, *options,
                    "  gate443 status\n"
                    "  gate443 status --json");
  return {parser, [options] { return status(*options); }};
}

}  // namespace gate::cli

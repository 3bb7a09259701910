#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>

#include "app/admin/admin_client.h"
#include "cli/admin.h"
#include "cli/commands.h"

namespace gate::cli {
namespace {

int upgrade(const AdminOptions& options) {
  const auto answer = app::call_admin(options.path(), {{"command", "upgrade"}});
  if (!answer) return fail(answer.error(), options);
  if (options.json) {
    fmt::print("{}\n", answer->dump());
  } else if (!options.quiet) {
    fmt::print("process {} has taken over; the old one finishes what is in flight\n", answer->value("pid", 0));
  }
  return to_int(Exit::kFine);
}

}  // namespace

Command add_upgrade(CLI::App& program) {
  auto* parser = program.add_subcommand("upgrade", "Replace the running server by a new process, ports kept open");
  auto options = std::make_shared<AdminOptions>();
  add_admin_options(*parser, *options,
                    "  apt-get install gate443 && gate443 upgrade\n"
                    "  gate443 upgrade --json");
  return {parser, [options] { return upgrade(*options); }};
}

}  // namespace gate::cli

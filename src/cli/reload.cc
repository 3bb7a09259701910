#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>

#include "app/admin/admin_client.h"
#include "app/codes.h"
#include "cli/admin.h"
#include "cli/commands.h"

namespace gate::cli {
namespace {

int reload(const AdminOptions& options) {
  const auto answer = app::call_admin(options.path(), {{"command", "reload"}});
  if (!answer) {
    const auto& error = answer.error();
    // The errors of a configuration are shown as `check` shows them.
    if (error.code != app::kConfigurationRejected || options.json) return fail(error, options);
    fmt::print(stderr, "{}error {}: {}; the running one goes on\n", error.why, base::to_string(error.code), error.what);
    return to_int(app::exit_of(error));
  }
  if (options.json) {
    fmt::print("{}\n", answer->dump());
    return to_int(Exit::kFine);
  }
  fmt::print(stderr, "{}", answer->value("report", ""));
  if (!options.quiet) fmt::print("reloaded; {}\n", answer->value("text", ""));
  return to_int(Exit::kFine);
}

}  // namespace

Command add_reload(Parser program) {
  const Parser parser = program.add_subcommand("reload", "Make the running server read its configuration anew");
  auto options = std::make_shared<AdminOptions>();
  add_admin_options(parser, *options,
                    "  gate443 reload\n"
                    "  gate443 reload --state /var/lib/gate443 --json");
  return {parser, [options] { return reload(*options); }};
}

}  // namespace gate::cli

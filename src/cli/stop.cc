#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>

#include "cli/admin.h"
#include "cli/commands.h"

namespace gate::cli {
namespace {

int stop(const AdminOptions& options) {
  const auto answer = ask_and_wait({{"command", "stop"}}, options, "stopping");
  if (!answer) return fail(answer.error(), options);
  const bool drained = answer->value("drained", false);
  if (options.json) {
    fmt::print("{}\n", answer->dump());
  } else if (!options.quiet) {
    fmt::print("stopped{}\n", drained ? "" : "; connections that took too long were cut off");
  }
  return to_int(drained ? Exit::kFine : Exit::kFindings);
}

}  // namespace

Command add_stop(Parser program) {
  const Parser parser = program.add_subcommand("stop", "Finish what is in flight, then stop the running server");
  auto options = std::make_shared<AdminOptions>();
  add_admin_options(parser, *options,
                    "  gate443 stop\n"
                    "  gate443 stop --admin /run/gate443/admin.sock");
  return {parser, [options] { return stop(*options); }};
}

}  // namespace gate::cli

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>

#include "cli/admin.h"
#include "cli/commands.h"

namespace gate::cli {
namespace {

int upgrade(const AdminOptions& options) {
  return show_answer({{"command", "upgrade"}}, options, [](const nlohmann::json& answer) {
    fmt::print("process {} has taken over; the old one finishes what is in flight\n", answer.value("pid", 0));
  });
}

}  // namespace

Command add_upgrade(Parser program) {
  const Parser parser =
      program.add_subcommand("upgrade", "Replace the running server by a new process, ports kept open");
  auto options = std::make_shared<AdminOptions>();
  add_admin_options(parser, *options,
                    "  apt-get install gate443 && gate443 upgrade\n"
                    "  gate443 upgrade --json");
  return {parser, [options] { return upgrade(*options); }};
}

}  // namespace gate::cli

#include <fmt/format.h>

#include <cstdio>
#include <vector>

#include "cli/commands.h"

namespace {

constexpr const char* kFooter =
    "Examples:\n"
    "  gate443 serve ./public                     serve a folder over HTTPS, now\n"
    "  gate443 run /etc/gate443/gate443.conf      run a configuration\n"
    "\n"
    "Each command explains itself: gate443 serve --help";

// CLI11 throws; nothing else of the program does.
int parse_and_run(CLI::App& program, const std::vector<gate::cli::Command>& commands, int argc, char** argv) {
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = program.exit(error);
    return code == 0 ? 0 : gate::cli::to_int(gate::cli::Exit::kConfiguration);
  }
  for (const auto& command : commands) {
    if (command.parser->parsed()) return command.run();
  }
  fmt::print("{}", program.help());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App program("Everything port 443 needs.", "gate443");
  program.footer(kFooter);
  program.require_subcommand(0, 1);
  program.get_formatter()->column_width(24);
  const std::vector<gate::cli::Command> commands{
      gate::cli::add_serve(program),  gate::cli::add_run(program),      gate::cli::add_check(program),
      gate::cli::add_reload(program), gate::cli::add_stop(program),     gate::cli::add_upgrade(program),
      gate::cli::add_status(program), gate::cli::add_upstream(program), gate::cli::add_why(program),
      gate::cli::add_cache(program),  gate::cli::add_fmt(program),      gate::cli::add_config(program),
      gate::cli::add_cert(program),   gate::cli::add_trust(program),    gate::cli::add_explain(program),
      gate::cli::add_version(program)};
  return parse_and_run(program, commands, argc, argv);
}

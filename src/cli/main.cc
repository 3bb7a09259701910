#include <fmt/format.h>

#include <vector>

#include "cli/commands.h"
#include "cli/parser.h"

namespace {

constexpr const char* kFooter =
    "Examples:\n"
    "  gate443 serve ./public                     serve a folder over HTTPS, now\n"
    "  gate443 run /etc/gate443/gate443.conf      run a configuration\n"
    "\n"
    "Each command explains itself: gate443 serve --help";

}  // namespace

int main(int argc, char** argv) {
  gate::cli::Program program("gate443", "Everything port 443 needs.");
  const gate::cli::Parser parser = program.parser();
  parser.footer(kFooter);
  parser.require_subcommand(0, 1);
  const std::vector<gate::cli::Command> commands{
      gate::cli::add_serve(parser),  gate::cli::add_run(parser),      gate::cli::add_check(parser),
      gate::cli::add_reload(parser), gate::cli::add_stop(parser),     gate::cli::add_upgrade(parser),
      gate::cli::add_status(parser), gate::cli::add_upstream(parser), gate::cli::add_why(parser),
      gate::cli::add_cache(parser),  gate::cli::add_fmt(parser),      gate::cli::add_config(parser),
      gate::cli::add_cert(parser),   gate::cli::add_alerts(parser),   gate::cli::add_ca(parser),
      gate::cli::add_ech(parser),    gate::cli::add_trust(parser),    gate::cli::add_explain(parser),
      gate::cli::add_acme(parser),   gate::cli::add_bench(parser),    gate::cli::add_version(parser)};
  if (const auto ended = program.parse(argc, argv)) return *ended;
  for (const auto& command : commands) {
    if (command.parser.parsed()) return command.run();
  }
  fmt::print("{}", program.help());
  return 0;
}

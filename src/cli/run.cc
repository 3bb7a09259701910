#include <memory>
#include <string>

#include "app/run_server.h"
#include "cli/commands.h"
#include "cli/configuration_file.h"

namespace gate::cli {
namespace {

struct Options : CommonOptions {
  std::string file = kDefaultConfiguration;
  bool watch = false;
};

}  // namespace

Command add_run(Parser program) {
  const Parser parser = program.add_subcommand("run", "Run a configuration until stopped");
  auto options = std::make_shared<Options>();
  parser.add_option("FILE", options->file, "The configuration").show_default();
  parser.add_flag("--watch", options->watch, "Reload when the file changes");
  parser.add_flag("--quiet,-q", options->quiet, "Print nothing but errors");
  parser.footer("Examples:\n  gate443 run /etc/gate443/gate443.conf\n  gate443 run --watch gate443.conf");
  return {parser, [options] {
            return app::run_server({.path = options->file, .text = {}},
                                   {.watch = options->watch, .first_screen = !options->quiet});
          }};
}

}  // namespace gate::cli

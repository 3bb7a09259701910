#include <fmt/format.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "app/certificates.h"
#include "app/configuration_source.h"
#include "app/describe_acme.h"
#include "cli/commands.h"
#include "cli/configuration_file.h"
#include "conf/environment.h"

namespace gate::cli {
namespace {

struct Options : CommonOptions {
  std::string file = kDefaultConfiguration;
};

int check(const Options& options) {
  const conf::SystemEnvironment environment;
  auto loaded = app::load_configuration({.path = options.file, .text = {}}, environment);
  const base::SystemClock clock;
  // Own certificates are part of a configuration that can be honoured; the local CA is left alone by a check.
  if (loaded.good()) app::check_certificate_files(loaded.settings, clock.wall(), loaded.diagnostics);
  if (options.json) {
    fmt::print("{}\n", conf::render_json(loaded.diagnostics, loaded.sources));
  } else {
    fmt::print(stderr, "{}", loaded.report());
    if (loaded.good() && !options.quiet) {
      fmt::print("{}: fine, {} site{}\n", options.file, loaded.settings.sites.size(),
                 loaded.settings.sites.size() == 1 ? "" : "s");
      const auto orders = app::describe_orders(loaded.settings);
      if (!orders.empty()) fmt::print("certificates that a server orders, unless it has them:\n");
      for (const auto& line : orders) fmt::print("  {}\n", line);
    }
  }
  return to_int(loaded.good() ? Exit::kFine : Exit::kConfiguration);
}

}  // namespace

Command add_check(Parser program) {
  const Parser parser = program.add_subcommand("check", "Check a configuration without running it");
  auto options = std::make_shared<Options>();
  parser.add_option("FILE", options->file, "The configuration").show_default();
  add_common_options(parser, *options,
                     "  gate443 check\n"
                     "  gate443 check new.conf --json");
  return {parser, [options] { return check(*options); }};
}

}  // namespace gate::cli

#include <fmt/format.h>

#include <memory>
#include <string>

#include "cli/commands.h"
#include "cli/configuration_file.h"
#include "conf/environment.h"
#include "conf/format.h"
#include "conf/json.h"
#include "conf/parse.h"

namespace gate::cli {
namespace {

struct Options : CommonOptions {
  std::string file = kDefaultConfiguration;
  bool from_json = false;
};

// The other direction: JSON in, the block language out.
int print_from_json(const Options& options, const conf::Environment& environment) {
  const auto text = environment.read_file(options.file, conf::kFileBytesMax);
  if (!text) return fail(text.error(), options);
  const auto tree = conf::from_json(*text);
  if (!tree) return fail(tree.error(), options);
  fmt::print("{}", conf::format(*tree));
  return to_int(Exit::kFine);
}

int print_configuration(const Options& options) {
  const conf::SystemEnvironment environment;
  if (options.from_json) return print_from_json(options, environment);
  conf::SourceSet sources;
  conf::Diagnostics diagnostics;
  const auto tree = conf::load(options.file, environment, sources, diagnostics);
  if (diagnostics.has_errors()) {
    fmt::print(stderr, "{}", conf::render(diagnostics, sources));
    return to_int(Exit::kConfiguration);
  }
  fmt::print("{}", options.json ? conf::to_json(tree) : conf::format(tree));
  return to_int(Exit::kFine);
}

}  // namespace

Command add_config(Parser program) {
  const Parser parser = program.add_subcommand("config", "Print a configuration with its includes, as text or JSON");
  auto options = std::make_shared<Options>();
  parser.add_option("FILE", options->file, "The configuration").show_default();
  parser.add_flag("--from-json", options->from_json, "FILE is JSON; print it as a configuration");
  add_common_options(parser, *options,
                     "  gate443 config --json gate443.conf > gate443.json\n"
                     "  gate443 config --from-json gate443.json");
  return {parser, [options] { return print_configuration(*options); }};
}

}  // namespace gate::cli

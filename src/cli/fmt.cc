#include <fmt/format.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "cli/commands.h"
#include "cli/configuration_file.h"
#include "conf/environment.h"
#include "conf/format.h"
#include "conf/parse.h"
#include "os/file.h"

namespace gate::cli {
namespace {

struct Options : CommonOptions {
  std::string file = kDefaultConfiguration;
  bool check = false;
  bool print = false;
};

int format_file(const Options& options) {
  const conf::SystemEnvironment environment;
  auto text = environment.read_file(options.file, conf::kFileBytesMax);
  if (!text) return fail(text.error(), options);
  conf::SourceSet sources;
  conf::Diagnostics diagnostics;
  const auto& source = sources.add(options.file, "", *text);
  const std::string formatted = conf::format(conf::parse(source, diagnostics));
  if (diagnostics.has_errors()) {
    fmt::print(stderr, "{}", conf::render(diagnostics, sources));
    return to_int(Exit::kConfiguration);
  }
  if (options.print) {
    fmt::print("{}", formatted);
    return to_int(Exit::kFine);
  }
  const bool changed = formatted != *text;
  if (options.check) {
    if (changed && !options.quiet) fmt::print("{}: not formatted; run gate443 fmt {}\n", options.file, options.file);
    return to_int(changed ? Exit::kFindings : Exit::kFine);
  }
  if (changed) {
    const auto facts = os::inspect(options.file);
    if (!facts) return fail(facts.error(), options);
    if (auto written = os::write_file_atomically(options.file, formatted, facts->mode); !written)
      return fail(written.error(), options);
  }
  if (!options.quiet) fmt::print("{}: {}\n", options.file, changed ? "formatted" : "already formatted");
  return to_int(Exit::kFine);
}

}  // namespace

Command add_fmt(Parser program) {
  const Parser parser = program.add_subcommand("fmt", "Format a configuration; comments survive");
  auto options = std::make_shared<Options>();
  parser.add_option("FILE", options->file, "The configuration").show_default();
  parser.add_flag("--check", options->check, "Change nothing; exit 1 when the file is not formatted");
  parser.add_flag("--print", options->print, "Change nothing; print the formatted text");
  add_common_options(parser, *options,
                     "  gate443 fmt gate443.conf\n"
                     "  gate443 fmt --check gate443.conf");
  return {parser, [options] { return format_file(*options); }};
}

}  // namespace gate::cli

#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "app/exit_code.h"
#include "base/error.h"
#include "cli/parser.h"

namespace gate::cli {

// What every command has.
struct CommonOptions {
  bool json = false;
  bool quiet = false;
};

// One subcommand: its parser, and what it does once its options are parsed. Returns the exit code.
struct Command {
  Parser parser;
  std::function<int()> run;
};

using app::Exit;
using app::to_int;

// Shows the error on standard error, as text or as JSON, and returns its exit code.
int fail(const base::Error& error, const CommonOptions& options);

// Adds --json and --quiet and two examples at the end of the help.
void add_common_options(Parser parser, CommonOptions& options, std::string_view examples);

// Whether standard output is a terminal that wants colour (NO_COLOR is respected).
bool wants_colour();

}  // namespace gate::cli

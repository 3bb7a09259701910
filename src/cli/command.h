#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace gate::cli {

// What every command has.
struct CommonOptions {
  bool json = false;
  bool quiet = false;
};

// One subcommand: its parser, and what it does once its options are parsed. Returns the exit code.
struct Command {
  CLI::App* parser = nullptr;
  std::function<int()> run;
};

// Exit codes, the same for every command.
enum class Exit : int {
  kFine = 0,
  kFindings = 1,       // it works, and what was looked at is not well
  kConfiguration = 2,  // usage or configuration
  kMachine = 3,        // this machine: ports, files, rights
  kOutside = 4,        // somebody else: DNS, a server, a CA
  kBug = 5,            // ours
};
constexpr int to_int(Exit exit) { return static_cast<int>(exit); }

// The exit code an error stands for, by who has to act.
Exit exit_of(const base::Error& error);

// Shows the error on standard error, as text or as JSON, and returns its exit code.
int fail(const base::Error& error, const CommonOptions& options);

// Adds --json and --quiet and two examples at the end of the help.
void add_common_options(CLI::App& parser, CommonOptions& options, std::string_view examples);

// Whether standard output is a terminal that wants colour (NO_COLOR is respected).
bool wants_colour();

}  // namespace gate::cli

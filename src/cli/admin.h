#pragma once

#include <string>
#include <string_view>

#include "cli/command.h"

namespace gate::cli {

// What commands for a running server have besides: which server.
struct AdminOptions : CommonOptions {
  std::string socket;
  std::string state;

  // The admin socket that is meant.
  std::string path() const;
};

// Adds --admin, --state and what every command has.
void add_admin_options(CLI::App& parser, AdminOptions& options, std::string_view examples);

}  // namespace gate::cli

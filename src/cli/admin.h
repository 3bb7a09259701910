#pragma once

#include <nlohmann/json_fwd.hpp>

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
void add_admin_options(Parser parser, AdminOptions& options, std::string_view examples);

// Sends the request and shows the answer: as it is with --json, else by `print`. Returns the exit code.
int show_answer(const nlohmann::json& request, const AdminOptions& options,
                void (*print)(const nlohmann::json& answer));

}  // namespace gate::cli

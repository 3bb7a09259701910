#pragma once

#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
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

// Sends a request that takes its time; on a terminal its progress is shown behind `label`. `patience` is how long the
// server may be silent.
base::Result<nlohmann::json> ask_and_wait(const nlohmann::json& request, const AdminOptions& options,
                                          std::string_view label, base::Duration patience = std::chrono::seconds(30));

// Shows what such a request came to: the answer's "text". Returns the exit code.
int show_text(const base::Result<nlohmann::json>& answer, const AdminOptions& options);

// Sends the request and shows the answer: as it is with --json, else by `print`. Returns the exit code.
int show_answer(const nlohmann::json& request, const AdminOptions& options,
                void (*print)(const nlohmann::json& answer));

}  // namespace gate::cli

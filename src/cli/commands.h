#pragma once

#include "cli/command.h"

// One function a subcommand, each in the file of its name. The options live as long as the returned command.
namespace gate::cli {

Command add_serve(CLI::App& program);
Command add_run(CLI::App& program);
Command add_check(CLI::App& program);
Command add_reload(CLI::App& program);
Command add_stop(CLI::App& program);
Command add_upgrade(CLI::App& program);
Command add_status(CLI::App& program);
Command add_upstream(CLI::App& program);
Command add_why(CLI::App& program);
Command add_cache(CLI::App& program);
Command add_fmt(CLI::App& program);
Command add_config(CLI::App& program);
Command add_cert(CLI::App& program);
Command add_trust(CLI::App& program);
Command add_explain(CLI::App& program);
Command add_version(CLI::App& program);

}  // namespace gate::cli

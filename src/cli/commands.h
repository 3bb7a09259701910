#pragma once

#include "cli/command.h"

// One function a subcommand, each in the file of its name. The options live as long as the returned command.
namespace gate::cli {

Command add_serve(Parser program);
Command add_run(Parser program);
Command add_check(Parser program);
Command add_reload(Parser program);
Command add_stop(Parser program);
Command add_upgrade(Parser program);
Command add_status(Parser program);
Command add_upstream(Parser program);
Command add_why(Parser program);
Command add_cache(Parser program);
Command add_fmt(Parser program);
Command add_config(Parser program);
Command add_cert(Parser program);
Command add_ca(Parser program);
Command add_ech(Parser program);
Command add_cert_renew(Parser cert);
Command add_acme(Parser program);
Command add_alerts(Parser program);
Command add_trust(Parser program);
Command add_explain(Parser program);
Command add_bench(Parser program);
Command add_version(Parser program);

}  // namespace gate::cli

#pragma once

#include "cli/command.h"

namespace gate::cli {

// `gate443 explain request METHOD URL`, as a subcommand of `explain`.
Command add_explain_request(Parser explain);

}  // namespace gate::cli

#pragma once

#include <vector>

#include "app/read_settings.h"
#include "conf/table.h"

namespace gate::app {

// `limits { … }`
void read_limits(conf::Context<Settings>& context, const conf::Statement& statement);

std::vector<StatementHelp> limit_help();

}  // namespace gate::app

#pragma once

#include <vector>

#include "alert/settings.h"
#include "app/read_settings.h"
#include "conf/reader.h"
#include "conf/tree.h"

namespace gate::app {

// An `alerts` statement; reports what is wrong with it.
alert::Settings read_alerts(const conf::Statement& statement, conf::Reader& reader);

// The statements of its block.
std::vector<StatementHelp> alert_help();

}  // namespace gate::app

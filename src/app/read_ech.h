#pragma once

#include <vector>

#include "app/read_settings.h"
#include "app/settings.h"
#include "conf/reader.h"
#include "conf/tree.h"

namespace gate::app {

// An `ech` statement; reports what is wrong with it.
EchSettings read_ech(const conf::Statement& statement, conf::Reader& reader);

// Reports what is wrong with it beside the sites.
void check_ech(const Settings& settings, conf::Reader& reader);

// The statements of its block.
std::vector<StatementHelp> ech_help();

}  // namespace gate::app

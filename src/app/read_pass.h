#pragma once

#include <optional>
#include <vector>

#include "app/read_settings.h"
#include "app/settings.h"
#include "conf/reader.h"
#include "conf/tree.h"

namespace gate::app {

// A `pass` statement; reports what is wrong with it.
std::optional<PassSettings> read_pass(const conf::Statement& statement, conf::Reader& reader);

// The statements of its block.
std::vector<StatementHelp> pass_help();

}  // namespace gate::app

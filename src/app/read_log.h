#pragma once

#include <optional>

#include "app/settings.h"
#include "conf/reader.h"
#include "conf/tree.h"

namespace gate::app {

// `access-log FILE | stdout | off [json | combined]`
std::optional<LogSettings> read_access_log(const conf::Statement& statement, conf::Reader& reader);

// `audit-log FILE | stderr | off`
std::optional<LogSettings> read_audit_log(const conf::Statement& statement, conf::Reader& reader);

}  // namespace gate::app

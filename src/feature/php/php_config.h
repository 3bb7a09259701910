#pragma once

#include <memory>

#include "conf/reader.h"
#include "http/config/statement.h"
#include "http/service.h"

namespace gate::php {

// Null after it has reported what is wrong. The folder must exist by then.
std::unique_ptr<const http::ServicePlan> parse_php(const conf::Statement& statement, conf::Reader& reader);

inline constexpr http::config::StatementKind kPhp{.name = "php",
                                                  .synopsis = "php [PATTERN] FOLDER SERVER [{ … }]",
                                                  .summary = "Runs the PHP scripts of a folder.",
                                                  .args = {2, 2},
                                                  .block = conf::BlockRule::kAllowed,
                                                  .parse = parse_php};

}  // namespace gate::php

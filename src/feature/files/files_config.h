#pragma once

#include <memory>

#include "conf/reader.h"
#include "conf/tree.h"
#include "http/config/statement.h"
#include "http/service.h"

namespace gate::files {

// Null after it has reported what is wrong. The folder must exist by then.
std::unique_ptr<const http::ServicePlan> parse_files(const conf::Statement& statement, conf::Reader& reader);

inline constexpr http::config::StatementKind kFiles{.name = "files",
                                                    .synopsis = "files [PATTERN] FOLDER [{ … }]",
                                                    .summary = "Serves the files of a folder.",
                                                    .args = {1, 1},
                                                    .block = conf::BlockRule::kAllowed,
                                                    .parse = parse_files};

}  // namespace gate::files

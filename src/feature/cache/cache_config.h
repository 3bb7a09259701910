#pragma once

#include <memory>

#include "conf/reader.h"
#include "conf/tree.h"
#include "http/config/statement.h"
#include "http/service.h"

namespace gate::cache {

// Null after it has reported what is wrong.
std::unique_ptr<const http::ServicePlan> parse_cache(const conf::Statement& statement, conf::Reader& reader);

inline constexpr http::config::StatementKind kCache{
    .name = "cache",
    .synopsis = "cache [PATTERN] [{ … }]",
    .summary = "Keeps the responses of the statements behind it, and answers with them.",
    .args = {0, 0},
    .block = conf::BlockRule::kAllowed,
    .parse = parse_cache};

}  // namespace gate::cache

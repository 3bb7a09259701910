#pragma once

#include <memory>

#include "conf/reader.h"
#include "http/config/statement.h"

namespace gate::rewrite {

std::unique_ptr<const http::ServicePlan> parse_rewrite(const conf::Statement& statement, conf::Reader& reader);

inline constexpr http::config::StatementKind kRewrite{
    .name = "rewrite",
    .synopsis = "rewrite [PATTERN] TO  or  rewrite [PATTERN] strip-prefix|add-prefix PREFIX",
    .summary = "Changes the path of requests for the statements behind it.",
    .args = {1, 2},
    .parse = parse_rewrite};

}  // namespace gate::rewrite

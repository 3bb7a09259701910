#pragma once

#include <memory>

#include "conf/reader.h"
#include "http/config/statement.h"

namespace gate::header {

std::unique_ptr<const http::ServicePlan> parse_header(const conf::Statement& statement, conf::Reader& reader);

inline constexpr http::config::StatementKind kHeader{
    .name = "header",
    .synopsis = "header [PATTERN] [request] set|add|remove NAME [VALUE]",
    .summary = "Changes a field of responses, or of requests for the statements behind it.",
    .args = {2, 4},
    .parse = parse_header};

}  // namespace gate::header

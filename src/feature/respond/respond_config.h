#pragma once

#include <memory>

#include "conf/reader.h"
#include "http/config/statement.h"

namespace gate::respond {

std::unique_ptr<const http::ServicePlan> parse_respond(const conf::Statement& statement, conf::Reader& reader);

inline constexpr http::config::StatementKind kRespond{.name = "respond",
                                                      .synopsis = "respond [PATTERN] STATUS [TEXT] [{ type TYPE }]",
                                                      .summary = "Answers with a fixed status and text.",
                                                      .args = {1, 2},
                                                      .block = conf::BlockRule::kAllowed,
                                                      .parse = parse_respond};

}  // namespace gate::respond

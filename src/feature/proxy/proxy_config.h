#pragma once

#include <memory>

#include "conf/reader.h"
#include "http/config/statement.h"

namespace gate::proxy {

std::unique_ptr<const http::ServicePlan> parse_proxy(const conf::Statement& statement, conf::Reader& reader);

inline constexpr http::config::StatementKind kProxy{.name = "proxy",
                                                    .synopsis = "proxy [PATTERN] SERVER… [{ … }]",
                                                    .summary = "Passes requests on to other servers.",
                                                    .args = {0, conf::kAnyNumber},
                                                    .block = conf::BlockRule::kAllowed,
                                                    .parse = parse_proxy,
                                                    .own_arguments = nullptr};

}  // namespace gate::proxy

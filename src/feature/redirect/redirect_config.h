#pragma once

#include <memory>

#include "conf/reader.h"
#include "http/config/statement.h"

namespace gate::redirect {

std::unique_ptr<const http::ServicePlan> parse_redirect(const conf::Statement& statement, conf::Reader& reader);

// TARGET, and STATUS where the last argument is a number: `redirect /new 301` has no pattern.
std::size_t own_arguments(const conf::Statement& statement);

inline constexpr http::config::StatementKind kRedirect{.name = "redirect",
                                                       .synopsis = "redirect [PATTERN] TARGET [301|302|303|307|308]",
                                                       .summary = "Sends requests to another path or URL.",
                                                       .args = {1, 2},
                                                       .parse = parse_redirect,
                                                       .own_arguments = own_arguments};

}  // namespace gate::redirect

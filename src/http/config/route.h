#pragma once

#include "http/config/statement.h"

namespace gate::http::config {

void read_route(conf::Context<ChainDraft>& context, const conf::Statement& statement);

// `route [PATTERN…] { when …  statements… }`: statements for the requests that fit all of its conditions. A request
// that none of them takes goes on behind the route.
inline constexpr conf::Directive<ChainDraft> kRoute{
    .name = "route",
    .synopsis = "route [PATTERN…] { … }",
    .summary = "Groups statements for the requests that fit its patterns and \"when\" lines.",
    .args = {0, conf::kAnyNumber},
    .block = conf::BlockRule::kRequired,
    .occurs = conf::Occurs::kRepeated,
    .handle = read_route};

}  // namespace gate::http::config

#pragma once

#include <memory>

#include "conf/reader.h"
#include "http/config/statement.h"

namespace gate::acme_server {

// Null after it has reported what is wrong.
std::unique_ptr<const http::ServicePlan> parse_acme_server(const conf::Statement& statement, conf::Reader& reader);

// The path is the statement's own: leaves of ACME's addresses are no patterns.
std::size_t own_arguments(const conf::Statement& statement);

inline constexpr http::config::StatementKind kAcmeServer{
    .name = "acme-server",
    .synopsis = "acme-server [PATH] [{ … }]",
    .summary = "Gives certificates of the internal authority to ACME clients.",
    .args = {0, 1},
    .block = conf::BlockRule::kAllowed,
    .parse = parse_acme_server,
    .own_arguments = own_arguments};

}  // namespace gate::acme_server

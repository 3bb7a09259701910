#pragma once

#include <memory>

#include "conf/reader.h"
#include "conf/tree.h"
#include "http/config/statement.h"
#include "http/service.h"

namespace gate::compress {

// Null after it has reported what is wrong.
std::unique_ptr<const http::ServicePlan> parse_compress(const conf::Statement& statement, conf::Reader& reader);

inline constexpr http::config::StatementKind kCompress{
    .name = "compress",
    .synopsis = "compress [PATTERN] [off | zstd|br|gzip…] [{ … }]",
    .summary = "Compresses the responses of the statements behind it.",
    .args = {0, 3},
    .block = conf::BlockRule::kAllowed,
    .parse = parse_compress};

}  // namespace gate::compress

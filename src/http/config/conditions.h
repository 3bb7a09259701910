#pragma once

#include <span>

#include "conf/reader.h"
#include "conf/tree.h"
#include "http/match.h"

namespace gate::http::config {

// Adds "the path is one of these patterns" to `matcher`; reports patterns that can never match.
void read_patterns(std::span<const conf::Word> patterns, Matcher& matcher, conf::Reader& reader);

// Adds what a `when` line says:
//   when method POST PUT            when header X-Debug [VALUE…]      when path PATTERN…
//   when from 10.0.0.0/8 ::1        when query debug[=1]              when not …
void read_when(const conf::Statement& statement, Matcher& matcher, conf::Reader& reader);

}  // namespace gate::http::config

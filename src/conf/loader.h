#pragma once

#include <cstddef>

#include "conf/diagnostics.h"
#include "conf/tree.h"

namespace gate::conf {

// The tree of one text that stands `depth` blocks deep in a configuration which may hold `statements_left` more.
Block parse_within(const Source& source, std::size_t depth, std::size_t& statements_left, Diagnostics& diagnostics);

}  // namespace gate::conf

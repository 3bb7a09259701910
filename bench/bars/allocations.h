#pragma once

#include <cstddef>

namespace gate::bench {

// How often this program has asked for memory, by malloc, operator new or a library, since it began.
std::size_t allocations();

}  // namespace gate::bench

#pragma once

#include <source_location>

namespace gate::base {

// Prints the broken expectation and where it stood to standard error, then aborts.
[[noreturn]] void check_failed(const char* expectation, std::source_location where);

}  // namespace gate::base

// States something only a bug of ours can break; aborts in release builds too. Never judges the outside world.
#define GATE_CHECK(condition)                          \
  (static_cast<bool>(condition) ? static_cast<void>(0) \
                                : ::gate::base::check_failed(#condition, std::source_location::current()))

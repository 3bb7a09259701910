#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace gate::base {

void check_failed(const char* expectation, std::source_location where) {
  std::fprintf(stderr, "gate443: internal bug: expected %s at %s:%u in %s\n", expectation, where.file_name(),
               where.line(), where.function_name());
  std::abort();
}

}  // namespace gate::base

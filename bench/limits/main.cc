// What this machine's processor and kernel ask for the parts of an operation, without a server around them.
// bench/limits.py adds them up to the limit of each case.

#include <fmt/format.h>

#include <cstdio>

#include "bench/limits/floor.h"

namespace gate::bench {

void print_floor(const char* name, double figure) {
  fmt::print("{}\t{:.4f}\n", name, figure);
  std::fflush(stdout);
}

}  // namespace gate::bench

int main() {
  gate::bench::measure_cryptography();
  gate::bench::measure_tcp();
  gate::bench::measure_udp();
}

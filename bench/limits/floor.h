#pragma once

#include <algorithm>
#include <limits>

#include "bench/handshake/measure.h"

// The floor of this machine: what the parts of an operation cost that no server can do without.
namespace gate::bench {

// Prints one line: the name that bench/limits.py knows it by, a tab, and processor microseconds of one operation (of
// memory, kilobytes).
void print_floor(const char* name, double figure);

// The cheapest of many rounds, a single operation's part of it. `round(watch)` does `count` operations while the watch
// runs. The cheapest, because all that disturbs only adds.
template <class Round>
void measure_floor(const char* name, int count, Round round) {
  constexpr int kFloorRounds = 40;
  double best = std::numeric_limits<double>::max();
  for (int i = 0; i < kFloorRounds; ++i) {
    Stopwatch watch;
    round(watch);
    best = std::min(best, watch.total() / count);
  }
  print_floor(name, best);
}

// The same of an operation that needs no preparation.
template <class Operation>
void measure_operation(const char* name, int count, Operation operation) {
  measure_floor(name, count, [&](Stopwatch& watch) {
    watch.start();
    for (int i = 0; i < count; ++i) operation();
    watch.stop();
  });
}

void measure_cryptography();
void measure_tcp();
void measure_udp();

}  // namespace gate::bench

#pragma once

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <vector>

// What both programs share: the same batches, the same clock, the same line of output.
namespace gate::bench {

inline constexpr int kBatch = 50;   // connections that make each step together, so that the clock is read rarely
inline constexpr int kRounds = 21;  // the best quarter's median holds against what else the machine does

inline double cpu_microseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

// Adds up the processor time between `start` and `stop`.
class Stopwatch {
 public:
  void start() { began_ = cpu_microseconds(); }
  void stop() { total_ += cpu_microseconds() - began_; }
  double total() const { return total_; }

 private:
  double began_ = 0;
  double total_ = 0;
};

// `batch(watch)` handles kBatch connections with the watch running while the server works.
template <class Batch>
void report(const char* name, Batch batch) {
  std::vector<double> rounds;
  for (int i = 0; i < kRounds; ++i) {
    Stopwatch watch;
    batch(watch);
    rounds.push_back(watch.total() / kBatch);
  }
  std::sort(rounds.begin(), rounds.end());
  std::printf("%s\t%.1f\n", name, rounds[kRounds / 8]);
  std::fflush(stdout);
}

}  // namespace gate::bench

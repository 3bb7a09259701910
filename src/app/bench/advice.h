#pragma once

#include <string>
#include <vector>

#include "app/bench/bench_report.h"

namespace gate::app {

// What the figures say should be changed, and what not though it costs something: a sentence or two each, the
// weightiest first.
std::vector<std::string> advice(const BenchReport& report);

}  // namespace gate::app

#pragma once

#include <string>

#include "app/bench/bench_report.h"

namespace gate::cli {

// What was measured, for people: one screen of 80 columns.
std::string bench_table(const app::BenchReport& report);

}  // namespace gate::cli

#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "app/bench/bench_report.h"
#include "app/bench/own_site.h"
#include "app/configuration_source.h"
#include "base/clock.h"
#include "base/result.h"

namespace gate::app {

struct BenchOptions {
  OwnWish own;  // with neither path nor text there is no configuration of the user's
  base::Duration time = std::chrono::seconds(12);
};

// Told what is measured now, and how much of all is behind.
using BenchProgress = std::function<void(std::string_view what, std::size_t done, std::size_t of)>;

// Measures this program on this machine: a server of its own on a free port of the loopback, one worker, and a client
// in the same process. The user's configuration gives its limits and one of its sites; nothing of what it names is
// listened on, written or asked. SIGINT and SIGTERM end it early. `loaded` is that configuration, good or none; what is
// wrong with its certificates is added to its diagnostics, and then the error is kConfigurationRejected.
//
// The calling thread must not have started others, and stays on its processor from then on.
base::Result<BenchReport> self_bench(const BenchOptions& options, LoadedConfiguration* loaded,
                                     const BenchProgress& progress);

}  // namespace gate::app

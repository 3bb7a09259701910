#pragma once

#include <cstddef>
#include <string>

#include "base/ip.h"

namespace gate::bench {

// Requests over HTTP/1.1 and TLS that start when they are meant to, whether or not the server has kept up.
struct RateLoad {
  base::Endpoint server;
  std::string name;
  std::string path;
  std::size_t requests_per_second = 0;  // 0: as many as the server takes, one after the other on each connection
  std::size_t seconds = 0;              // beside one of warm-up, which is not counted
  std::size_t connections = 1;
};

// Prints a line of JSON: what was done, and two histograms of microseconds. `latency` is from the moment a request was
// meant to start until its response had ended, so that one which waits for a connection is not left out (coordinated
// omission); `lag` is how late this program itself was. Returns an exit code.
int drive_rate(const RateLoad& load);

}  // namespace gate::bench

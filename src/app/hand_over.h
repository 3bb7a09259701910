#pragma once

#include <sys/types.h>

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "os/fd.h"

namespace gate::app {

// A new process of ours that is taking over the listening sockets.
struct Successor {
  pid_t pid = 0;
  os::Fd readiness;  // readable once it has spoken: a byte when it serves, the end when it has died
};

// Starts this program anew, from the file it was started from (which may be a newer one), with the same arguments and
// the listening sockets `descriptors`.
base::Result<Successor> start_successor(const std::vector<int>& descriptors);

// In the new process: tells the old one that this one serves. Nothing happens when there is no old one.
void announce_readiness();

// Whether this process was started as a successor, whose predecessor still holds admin socket and state.
bool is_successor();

// What the successor said: true when it serves, false when it has died.
bool successor_serves(const Successor& successor);

}  // namespace gate::app

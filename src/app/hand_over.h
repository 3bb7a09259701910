#pragma once

#include <sys/types.h>

#include <cstdint>
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
  os::Fd passage;    // what it has received for QUIC connections that are still here
};

// Starts this program anew, from the file it was started from (which may be a newer one), with the same arguments and
// the listening sockets `descriptors`. Tells it the number of this process in the row of those that took over from each
// other.
base::Result<Successor> start_successor(const std::vector<int>& descriptors);

// In the new process: its own number in that row (0 for the first), and where its predecessor takes what comes for
// connections that it still has; invalid when there is none.
std::uint8_t inherited_generation();
os::Fd inherited_passage();

// In the new process: tells the old one that this one serves. Nothing happens when there is no old one.
void announce_readiness();

// Whether this process was started as a successor, whose predecessor still holds admin socket and state.
bool is_successor();

// What the successor said: true when it serves, false when it has died.
bool successor_serves(const Successor& successor);

}  // namespace gate::app

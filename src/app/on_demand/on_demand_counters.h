#pragma once

#include <cstddef>

#include "observe/counter.h"

namespace gate::app {

// What has become of names on demand since the start. The control thread changes it, anybody reads it.
struct OnDemandCounters {
  observe::Gauge<std::size_t> names;  // that have a certificate now
  observe::Counter issued;            // for new names
  observe::Counter refused;           // by whoever gives permission
  observe::Counter failed;            // orders for new names
  observe::Counter limited;           // turned away by a bound of this server
};

}  // namespace gate::app

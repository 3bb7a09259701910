#pragma once

#include "base/clock.h"

namespace gate::cert {

// What a certificate says about its own life.
struct Validity {
  base::WallTime not_before;
  base::WallTime not_after;

  base::Duration lifetime() const { return not_after - not_before; }
};

}  // namespace gate::cert

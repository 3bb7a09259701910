#pragma once

#include <cstddef>
#include <span>

#include "base/clock.h"

namespace gate::os {

// The kernel's random bytes, fit for keys. A kernel that has none to give ends the program: there is no safe way on.
class SystemRandom final : public base::Random {
 public:
  void fill(std::span<std::byte> bytes) override;
};

}  // namespace gate::os

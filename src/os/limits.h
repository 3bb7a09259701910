#pragma once

#include <cstdint>

#include "base/result.h"

namespace gate::os {

// Raises this process's limit of open descriptors towards `wanted`, as far as it has the right to; never lowers it.
// Yields the limit that holds now, which may be below `wanted`.
base::Result<std::uint64_t> raise_descriptor_limit(std::uint64_t wanted);

// How many descriptors this process has open; 0 where the system does not say.
std::uint64_t open_descriptors();

// The memory of this process that is in RAM, in bytes; 0 where the system does not say.
std::uint64_t resident_bytes();

}  // namespace gate::os

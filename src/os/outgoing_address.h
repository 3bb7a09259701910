#pragma once

#include <optional>

#include "base/ip.h"

namespace gate::os {

// The address of this machine that others in its network know it by: the one that packets to the internet leave with.
// Nothing when there is no way out. Sends nothing.
std::optional<base::IpAddress> outgoing_address();

}  // namespace gate::os

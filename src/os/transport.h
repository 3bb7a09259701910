#pragma once

#include <cstdint>
#include <string_view>

namespace gate::os {

enum class Transport : std::uint8_t { kTcp, kUdp };

// "tcp", "udp".
std::string_view to_string(Transport transport);

}  // namespace gate::os

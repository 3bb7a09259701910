#pragma once

#include <sys/socket.h>

#include <cstdint>

#include "base/ip.h"

namespace gate::os {

// An address as the system's calls take and give it, with room for either family.
struct SystemAddress {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_storage);

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

// `interface` is the number of the network interface that a link-local address belongs to.
SystemAddress to_system(const base::Endpoint& endpoint, std::uint32_t interface = 0);

base::Endpoint from_system(const SystemAddress& address);

}  // namespace gate::os

#pragma once

#include <string_view>
#include <vector>

#include "base/ip.h"

namespace gate::dns {

inline constexpr std::uint16_t kDnsPort = 53;

// The resolvers that the text of /etc/resolv.conf names: three at most, as the system's own library takes, and this
// machine where it names none (resolv.conf(5)).
std::vector<base::Endpoint> resolvers_in(std::string_view text);

// Whom this machine asks for names now.
std::vector<base::Endpoint> machine_resolvers();

}  // namespace gate::dns

#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "base/ip.h"
#include "os/transport.h"

namespace gate::os {

// Who holds a port. Without the right to look into other users' processes only `user` is known.
struct PortOwner {
  pid_t pid = 0;        // 0 when not known
  std::string program;  // "nginx"
  std::string unit;     // its systemd service, "nginx.service"; empty when it is none
  uid_t user = 0;
  base::Endpoint address;
};

// The processes that listen on (TCP) or are bound to (UDP) `endpoint` or an address that overlaps it, such as all
// addresses. One entry a process. `proc` is where the kernel's process files are mounted.
std::vector<PortOwner> find_port_owners(const base::Endpoint& endpoint, Transport transport,
                                        const std::string& proc = "/proc");

// "nginx (pid 812, nginx.service)".
std::string describe(const PortOwner& owner);

// The error for a port that is taken: "cannot listen on 443/tcp: nginx (pid 812, nginx.service) owns it".
base::Error port_in_use(const base::Endpoint& endpoint, Transport transport, const std::vector<PortOwner>& owners);

}  // namespace gate::os

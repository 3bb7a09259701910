#pragma once

#include <cstdint>

#include "base/result.h"
#include "os/user.h"

namespace gate::os {

// Whether this process is root, with all that root may.
bool is_root();

// Whether this process has the right to bind the port: high enough for everybody on this machine
// (net.ipv4.ip_unprivileged_port_start), or it holds CAP_NET_BIND_SERVICE.
bool may_bind_port(std::uint16_t port);

// The error to show where it has not. Names the two ways out.
base::Error low_port_refused(std::uint16_t port);

// Becomes `user` for good: its groups, no other capability than CAP_NET_BIND_SERVICE, and that one only if
// `keep_low_ports`, then also over an exec. Call as root, before any thread is started: capabilities belong to threads.
// Fails, leaving a process that must end, when anything of it does not work or could be undone.
base::Result<void> become_user(const User& user, bool keep_low_ports);

// No program started from here on gains rights by its file's mode or capabilities.
base::Result<void> forbid_new_privileges();

}  // namespace gate::os

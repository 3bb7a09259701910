#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/ip.h"
#include "base/result.h"
#include "os/fd.h"
#include "os/transport.h"

namespace gate::os {

// Tells the service manager how the service does, in systemd's notification protocol (sd_notify(3)), without its
// library. Without a service manager every message is silently left out.
class ServiceManager {
 public:
  // From NOTIFY_SOCKET and WATCHDOG_USEC of the environment.
  static ServiceManager from_environment();

  bool present() const { return !socket_path_.empty(); }

  base::Result<void> ready(std::string_view status) const;
  base::Result<void> reloading() const;  // followed by ready()
  base::Result<void> stopping(std::string_view status) const;
  base::Result<void> status(std::string_view text) const;  // one line, shown by systemctl status
  base::Result<void> main_process(pid_t pid) const;        // another process takes over
  base::Result<void> alive() const;                        // the watchdog's sign of life

  // How often alive() is expected at least; nothing when no watchdog is set.
  std::optional<base::Duration> watchdog() const { return watchdog_; }

 private:
  base::Result<void> send(const std::string& message) const;

  std::string socket_path_;
  std::optional<base::Duration> watchdog_;
};

// A listening socket that was open when the program started, or a bound one of UDP.
struct InheritedSocket {
  Fd fd;
  base::Endpoint address;
  Transport transport = Transport::kTcp;
  std::string name;  // what the service manager calls it; empty when it says nothing
};

// The sockets handed over by the service manager (LISTEN_FDS, sd_listen_fds(3)) or by an older process of ours
// (handed_over_variable). Empty when there are none. Takes the variables out of the environment, so that no child
// mistakes them for its own; call before threads are started. A descriptor that is neither a listening TCP socket nor a
// UDP socket is an error.
base::Result<std::vector<InheritedSocket>> take_inherited_sockets();

// What to put into the environment of a new process of ours that gets `count` sockets as descriptors 3, 4, ….
std::string handed_over_variable(std::size_t count);

}  // namespace gate::os

#pragma once

#include <cstddef>
#include <vector>

#include "app/settings.h"
#include "base/ip.h"
#include "base/result.h"
#include "os/fd.h"
#include "os/notify.h"
#include "quic/connection_id.h"
#include "server/listener.h"
#include "server/plan.h"

namespace gate::app {

// The listening sockets of all workers. The control thread opens them, gives each worker its own, and keeps a second
// handle of each, so that they can be handed to a new process without closing.
class Listeners {
 public:
  explicit Listeners(std::size_t workers) : workers_(workers) {}

  // Sockets of an older process or the service manager, to be used before any is opened. Those that match no configured
  // address are closed by the next prepare().
  void inherit(std::vector<os::InheritedSocket> sockets) { inherited_ = std::move(sockets); }

  // What has to change for the configuration's addresses: sockets newly opened, a list for each worker, and addresses
  // that are no longer wanted. Nothing is closed yet; on failure nothing has changed.
  struct Change {
    std::vector<std::vector<server::ListenerSocket>> added;  // by worker
    std::vector<server::ListenerAddress> removed;
    std::uint16_t https_port = 0;  // the first address of HTTPS, as it will be; 0 when there is none
    std::uint16_t http3_port = 0;  // the same for HTTP/3
    std::vector<server::ProxyProtocolAddress> proxy_protocol{};  // as they will be
    std::vector<base::Error> left_out{};  // why HTTP/3, being optional, is not served on an address
  };
  base::Result<Change> prepare(const Settings& settings);

  // Takes the change into the books, once the workers have it.
  void commit(const Change& change);

  // Has the kernel give each datagram to the worker that its connection id names, on addresses that the change has
  // opened. Where that fails, workers pass datagrams on among themselves.
  base::Result<void> steer(const Change& change, const quic::ConnectionIdCodec& ids);

  // What listens now, one entry an address.
  const std::vector<server::ListenerAddress>& addresses() const { return addresses_; }

  // Every socket, to be handed to a new process.
  std::vector<int> descriptors() const;

 private:
  struct Kept {
    os::Fd socket;
    server::ListenerRole role = server::ListenerRole::kTls;
    base::Endpoint wanted;  // as configured
    base::Endpoint real;
    bool inherited = false;
  };

  struct Opened {
    os::Fd socket;
    bool inherited = false;
  };

  base::Result<void> open_all(const Settings& settings, Change& change);
  base::Result<void> open_http3(const Settings& settings, Change& change);
  base::Result<void> open_address(const base::Endpoint& wanted, server::ListenerRole role, Change& change);
  base::Result<Opened> open_first(const base::Endpoint& address, server::ListenerRole role);
  base::Result<Opened> open_socket(const base::Endpoint& address, server::ListenerRole role, bool first);
  void take_back(const base::Endpoint& wanted, server::ListenerRole role, Change& change);

  const Kept* find(const base::Endpoint& wanted, server::ListenerRole role) const;
  std::vector<server::ProxyProtocolAddress> proxy_protocol_addresses(const Settings& settings) const;
  std::uint16_t port_of(const Settings& settings, server::ListenerRole role) const;

  std::size_t workers_;
  std::vector<os::InheritedSocket> inherited_;
  std::vector<Kept> kept_;
  std::vector<Kept> preparing_;
  std::vector<server::ListenerAddress> addresses_;
};

}  // namespace gate::app

#pragma once

#include <poll.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "app/admin/admin_call.h"
#include "app/admin/admin_connection.h"
#include "app/admin/admin_http.h"
#include "app/admin/admin_listener.h"
#include "base/clock.h"
#include "base/ip.h"
#include "base/result.h"

namespace gate::app {

// Answers commands on a Unix socket, and shows pages such as the metrics there (curl --unix-socket) and, if wanted, on
// a loopback address, where no commands are taken. Has a thread of its own, so that it answers also when nothing else
// does. The number of clients is bounded, and so is the time that each may take.
class AdminServer {
 public:
  struct Options {
    std::optional<AdminListener::Options> socket{};
    std::optional<base::Endpoint> pages{};  // a loopback address: whoever may connect may read
  };

  // `clock` outlives the server and may be read by any thread.
  static base::Result<std::unique_ptr<AdminServer>> create(const Options& options, const base::Clock& clock);

  // For create(): `wake` is an event descriptor.
  AdminServer(const base::Clock& clock, os::Fd wake);
  ~AdminServer();

  // Before start().
  void add_command(std::string name, AdminCommand command);
  void add_page(std::string path, std::function<AdminPage()> page);

  void start();

  // Where the pages are, with the port that was taken.
  std::optional<base::Endpoint> pages_address() const { return pages_address_; }

  // Sends what has been answered, for a second at most, and ends the thread. Calls that are still being carried out may
  // be answered afterwards; nobody hears it.
  void stop();

 private:
  static constexpr std::size_t kClientsMax = 32;  // on each of the two listeners

  void run();
  bool is_over(base::Instant now);
  std::vector<pollfd> interests() const;
  int wait_milliseconds(base::Instant now) const;
  void accept_from(int listener, bool commands, base::Instant now);
  std::size_t clients(bool commands) const;
  void serve(AdminConnection& connection, short events, base::Instant now);
  void handle_request(AdminConnection& connection, base::Instant now);
  void handle_command(AdminConnection& connection, const std::string& line);
  void deliver(base::Instant now);

  const base::Clock& clock_;
  const std::shared_ptr<AdminOutbox> outbox_;
  std::optional<AdminListener> socket_;
  os::Fd pages_listener_;
  std::optional<base::Endpoint> pages_address_;
  std::map<std::string, AdminCommand, std::less<>> commands_;
  AdminPages pages_;
  std::vector<std::unique_ptr<AdminConnection>> connections_;
  std::uint64_t next_id_ = 1;
  std::optional<base::Instant> over_at_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace gate::app

#pragma once

#include <cstdint>

#include "base/ip.h"
#include "loop/loop.h"
#include "os/fd.h"
#include "os/socket.h"

namespace gate::server {

// What is spoken on a listening socket.
enum class ListenerRole : std::uint8_t {
  kTls,    // HTTPS
  kQuic,   // HTTP/3, over UDP
  kClear,  // HTTP: redirects, ACME challenges, and sites that say `http allow`
};

// An address with what is spoken there.
struct ListenerAddress {
  base::Endpoint endpoint;  // with the real port
  ListenerRole role = ListenerRole::kTls;

  friend bool operator==(const ListenerAddress&, const ListenerAddress&) = default;
};

// An open listening socket of one worker.
struct ListenerSocket {
  os::Fd socket;
  base::Endpoint address;  // with the real port
  ListenerRole role = ListenerRole::kTls;
};

class Listener;

// Takes what listeners accept.
class ListenerOwner {
 public:
  virtual void accepted(os::Accepted connection, const Listener& listener) = 0;

  // Whether another connection may be taken now; when not, the listener pauses and asks again.
  virtual bool may_accept() const = 0;

  // Accepting stopped for lack of descriptors or over the bound of connections.
  virtual void accepting_paused(const Listener& listener) = 0;

 protected:
  ~ListenerOwner() = default;
};

// Accepts connections in bounded portions. When there are no descriptors left, it stops listening for a moment instead
// of spinning on a socket that stays ready; the waiting stay in the kernel's queue.
class Listener final : public loop::Watcher, public loop::Timer, public loop::Mortal {
 public:
  Listener(loop::Loop& loop, ListenerOwner& owner, ListenerSocket socket);
  ~Listener() override;

  [[nodiscard]] base::Result<> start();

  // Takes those who are connected already, then closes. For an address that is no longer configured.
  void finish();

  const base::Endpoint& address() const { return socket_.address; }
  ListenerRole role() const { return socket_.role; }

 private:
  static constexpr int kAcceptsPerTurn = 64;
  static constexpr std::chrono::milliseconds kPause{50};

  void on_ready(loop::Readiness readiness) override;
  void on_timer() override;
  bool accept_some(int most);
  void pause();

  loop::Loop& loop_;
  ListenerOwner& owner_;
  ListenerSocket socket_;
};

}  // namespace gate::server

#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "net/arrival.h"

namespace gate::server {

// What becomes of those that have arrived.
class ArrivalsOwner {
 public:
  // A proxy has said for whom the connection is: `info` has the client's address now.
  virtual void named(os::Fd socket, const http::ConnectionInfo& info) = 0;
  // A proxy has not, and the connection is closed; `info` has the proxy's address. `text` is static.
  virtual void turned_away(const http::ConnectionInfo& info, base::ErrorCode code, std::string_view text) = 0;
  // The client has spoken; null: it said no ClientHello, or not in time. `hello` is good within the call.
  virtual void greeted(os::Fd socket, const http::ConnectionInfo& info, const tls::ClientHello* hello) = 0;

 protected:
  ~ArrivalsOwner() = default;
};

// The connections of one worker of which something has to be known before they are served.
class Arrivals final : private net::ArrivalOwner {
 public:
  // All outlive the arrivals.
  Arrivals(loop::Loop& loop, net::TurnBuffers& buffers, ArrivalsOwner& owner)
      : context_{loop, buffers, *this}, owner_(owner) {}

  // Waits for what is `awaited` until `deadline`. False when the system refuses to watch the socket.
  [[nodiscard]] bool add(os::Fd socket, const http::ConnectionInfo& info, net::Awaited awaited, base::Instant deadline);

  // Closes all of them; `left(info)` is called for those whose ClientHello was awaited.
  template <class Left>
  void discard(Left left) {
    for (const auto& arrival : std::exchange(arrivals_, {})) {
      if (arrival->awaited() == net::Awaited::kClientHello) left(arrival->info());
    }
  }

  std::size_t size() const { return arrivals_.size(); }

 private:
  void arrived(net::Arrival& arrival, const tls::ClientHello* hello) override;
  void turned_away(net::Arrival& arrival, base::ErrorCode code, std::string_view text) override;
  void remove(const net::Arrival& arrival);

  net::ArrivalContext context_;
  ArrivalsOwner& owner_;
  std::vector<std::unique_ptr<net::Arrival>> arrivals_;
};

}  // namespace gate::server

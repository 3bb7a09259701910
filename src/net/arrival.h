#pragma once

#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "base/ip.h"
#include "http/connection_info.h"
#include "loop/loop.h"
#include "net/turn_buffers.h"
#include "os/fd.h"

namespace gate::net {

class Arrival;

// Takes what comes of arrivals; either is told once, never from within start(). The arrival is over then, and is to be
// buried in the loop.
class ArrivalOwner {
 public:
  virtual void arrived(Arrival& arrival) = 0;
  // `text` is static.
  virtual void turned_away(Arrival& arrival, base::ErrorCode code, std::string_view text) = 0;

 protected:
  ~ArrivalOwner() = default;
};

// What the arrivals of one worker share. Outlives them.
struct ArrivalContext {
  loop::Loop& loop;
  TurnBuffers& buffers;
  ArrivalOwner& owner;
};

// A connection that has been accepted from a proxy, and is not served before the proxy has said for whom it has opened
// it (see net/proxy_header.h). The header is looked at where it lies in the kernel, and only it is taken from there:
// what follows is left to whoever serves the connection.
class Arrival final : public loop::Watcher, public loop::Timer, public loop::Mortal {
 public:
  Arrival(const ArrivalContext& context, os::Fd socket, const http::ConnectionInfo& info, base::Instant deadline);
  ~Arrival() override;

  // False when the system refuses to watch the socket; then the arrival is to be thrown away.
  [[nodiscard]] bool start();

  // Of whom the connection is: the proxy before it has arrived, the client after.
  const http::ConnectionInfo& info() const { return info_; }

  // Once it has arrived.
  os::Fd take_socket() { return std::move(socket_); }

  // The owner's place for its book-keeping.
  std::size_t table_index = 0;

 private:
  void on_ready(loop::Readiness readiness) override;
  void on_timer() override;
  void arrive(base::ByteView header);
  void turn_away(base::ErrorCode code, std::string_view text);

  ArrivalContext context_;
  os::Fd socket_;
  http::ConnectionInfo info_;
  base::Instant deadline_;
};

}  // namespace gate::net

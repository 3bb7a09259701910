#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "base/ip.h"
#include "http/connection_info.h"
#include "loop/loop.h"
#include "net/turn_buffers.h"
#include "os/fd.h"
#include "tls/client_hello.h"

namespace gate::net {

class Arrival;

// Takes what comes of arrivals; either is told once, never from within start(). The arrival is over then, and is to be
// buried in the loop.
class ArrivalOwner {
 public:
  // `hello` is what the client says first, where that was awaited and could be read; it is good within the call.
  virtual void arrived(Arrival& arrival, const tls::ClientHello* hello) = 0;
  // There was no header of the PROXY protocol. `text` is static.
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

// What has to be known of a connection before it can be served.
enum class Awaited : std::uint8_t {
  kProxyHeader,  // for whom a proxy has opened it; see net/proxy_header.h
  kClientHello,  // where the client wants to go; what is no ClientHello arrives too
};

// A connection that has been accepted and is not served yet. What is awaited is looked at where it lies in the kernel,
// and only a proxy's header is taken from there: what follows is left to whoever serves the connection.
class Arrival final : public loop::Watcher, public loop::Timer, public loop::Mortal {
 public:
  Arrival(const ArrivalContext& context, os::Fd socket, const http::ConnectionInfo& info, Awaited awaited,
          base::Instant deadline);
  ~Arrival() override;

  // False when the system refuses to watch the socket; then the arrival is to be thrown away.
  [[nodiscard]] bool start();

  Awaited awaited() const { return awaited_; }
  // Of whom the connection is: the proxy before its header has arrived, the client after.
  const http::ConnectionInfo& info() const { return info_; }

  // Once it has arrived.
  os::Fd take_socket() { return std::move(socket_); }

  // The owner's place for its book-keeping.
  std::size_t table_index = 0;

 private:
  void on_ready(loop::Readiness readiness) override;
  void on_timer() override;
  void look_for_header(base::ByteView bytes, bool ended);
  void look_for_hello(base::ByteView bytes, bool ended);
  void take_header(std::size_t bytes);
  void arrive(const tls::ClientHello* hello);
  void turn_away(base::ErrorCode code, std::string_view text);

  ArrivalContext context_;
  os::Fd socket_;
  http::ConnectionInfo info_;
  Awaited awaited_;
  base::Instant deadline_;
};

}  // namespace gate::net

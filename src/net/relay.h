#pragma once

#include <cstddef>

#include "base/buffer.h"
#include "base/clock.h"
#include "loop/loop.h"
#include "net/connection.h"
#include "net/turn_buffers.h"
#include "observe/counter.h"
#include "os/fd.h"
#include "os/socket.h"

namespace gate::net {

class Relay;

class RelayOwner {
 public:
  // It is over, and is to be buried in the loop.
  virtual void relay_ended(Relay& relay, CloseReason reason) = 0;

 protected:
  ~RelayOwner() = default;
};

// What the relays of one worker share. Outlives them. The counters are of the clients' side.
struct RelayContext {
  loop::Loop& loop;
  TurnBuffers& buffers;
  observe::Counter& bytes_received;
  observe::Counter& bytes_sent;
};

// Two connections, of a client and to a server, whose bytes pass from each to the other as they are. Each direction
// ends by itself. Where one side takes nothing more, the other is not read: no more is held than was received at once.
class Relay final : public loop::TurnEnd, public loop::Timer, public loop::Mortal {
 public:
  // `owner` outlives it. After `idle` without a byte in either direction it ends.
  Relay(const RelayContext& context, RelayOwner& owner, os::Fd client, os::Fd server, base::Duration idle);
  ~Relay() override;

  // Begins, with `greeting` as the first bytes to the server. False when the system refuses to watch the sockets; then
  // the relay is to be thrown away.
  [[nodiscard]] bool start(std::string_view greeting);

  // Ends it; the owner is not told.
  void discard();

 private:
  // One of the two connections, and what it is still to be sent.
  struct End final : loop::Watcher {
    End(Relay& of, os::Fd connection) : relay(of), socket(std::move(connection)) {}
    void on_ready(loop::Readiness readiness) override;

    Relay& relay;
    os::Fd socket;
    base::Buffer pending;
    bool readable = false;
    bool writable = true;
    bool peer_ended = false;   // an end or error waits behind the data
    bool input_over = false;   // and has been read
    bool output_over = false;  // and was told
  };

  void on_turn_end() override { run(); }
  void on_timer() override;
  void run();
  bool pass(End& from, End& to);
  bool receive(End& from, End& to);
  bool flush(End& to);
  bool send(End& to, base::ByteView bytes);
  void end(CloseReason reason);

  RelayContext context_;
  RelayOwner& owner_;
  End client_;
  End server_;
  base::Duration idle_;
  base::Instant active_;
  bool over_ = false;
};

}  // namespace gate::net

#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ip.h"
#include "http/call.h"
#include "loop/loop.h"
#include "os/fd.h"

namespace gate::client {

class Dial;

class DialListener {
 public:
  // Either is called once, never from within start(). The dial is over, and is to be buried in the loop.
  virtual void dialed(Dial& dial, os::Fd socket, const base::Endpoint& peer) = 0;
  virtual void dial_failed(Dial& dial, const http::CallFailure& failure) = 0;

 protected:
  ~DialListener() = default;
};

// Connects to one of several addresses of a server, whichever answers first (RFC 8305 5): they are tried in turn, the
// next as soon as one fails and at the latest a moment after the one before.
class Dial final : public loop::Mortal, private loop::Timer, private loop::TurnEnd {
 public:
  // RFC 8305 8: the Connection Attempt Delay's recommended value.
  static constexpr std::chrono::milliseconds kAttemptDelay{250};

  // All outlive the dial. Burying it gives up; give_up() does so at once.
  Dial(loop::Loop& loop, DialListener& listener, base::Duration timeout);
  ~Dial() override;

  // `addresses` in the order to be tried; not empty.
  void start(std::vector<base::Endpoint> addresses);
  void start(const std::string& unix_path);
  // There is nothing to connect to; told in the same way.
  void start_failed(const http::CallFailure& failure);

  void give_up();

 private:
  struct Attempt;

  void on_timer() override;
  void on_turn_end() override;
  void attempt_next();
  void add(std::expected<os::Fd, int> socket, const base::Endpoint& peer);
  void settle(Attempt& attempt);
  void fail(const http::CallFailure& failure);
  void note(int error);

  loop::Loop& loop_;
  DialListener& listener_;
  base::Instant deadline_;
  base::Instant next_attempt_ = base::Instant::max();
  std::vector<base::Endpoint> addresses_;
  std::size_t next_ = 0;
  std::vector<std::unique_ptr<Attempt>> attempts_;
  std::size_t open_ = 0;
  bool over_ = false;
  http::CallFailure failure_{http::CallFault::kConnectionRefused, http::Delivered::kNothing, "no address answered"};
};

}  // namespace gate::client

#include "client/dial.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "os/socket.h"

namespace gate::client {

// One socket on its way.
struct Dial::Attempt final : loop::Watcher, loop::Mortal {
  Attempt(Dial& of, os::Fd on_its_way, const base::Endpoint& to) : dial(of), socket(std::move(on_its_way)), peer(to) {}
  ~Attempt() override { give_up(); }
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;

  void on_ready(loop::Readiness readiness) override {
    if (!dial.over_ && socket.valid() && (readiness.writable || readiness.ended)) dial.settle(*this);
  }
  void give_up() {
    if (!socket.valid()) return;
    dial.loop_.unwatch(socket.number());
    socket.close();
  }

  Dial& dial;
  os::Fd socket;  // invalid once it has failed
  base::Endpoint peer;
};

Dial::Dial(loop::Loop& loop, DialListener& listener, base::Duration timeout)
    : loop_(loop), listener_(listener), deadline_(loop.now() + timeout) {}

Dial::~Dial() = default;

void Dial::start(std::vector<base::Endpoint> addresses) {
  if (over_) return;
  addresses_ = std::move(addresses);
  attempt_next();
}

void Dial::start(const std::string& unix_path) {
  add(os::start_connecting(unix_path), {});
  loop_.arm(*this, deadline_);
}

void Dial::start_failed(const http::CallFailure& failure) {
  failure_ = failure;
  loop_.schedule(*this);
}

void Dial::attempt_next() {
  next_attempt_ = base::Instant::max();
  while (next_ < addresses_.size()) {
    const auto& address = addresses_[next_++];
    const std::size_t before = open_;
    add(os::start_connecting(address), address);
    if (open_ == before) continue;
    if (next_ < addresses_.size()) next_attempt_ = loop_.now() + kAttemptDelay;
    break;
  }
  loop_.arm(*this, std::min(deadline_, next_attempt_));
}

void Dial::add(std::expected<os::Fd, int> socket, const base::Endpoint& peer) {
  if (!socket) {
    note(socket.error());
  } else {
    auto attempt = std::make_unique<Attempt>(*this, *std::move(socket), peer);
    if (loop_.watch(attempt->socket.number(), *attempt, loop::Loop::Mode::kEdges)) {
      attempts_.push_back(std::move(attempt));
      ++open_;
    }
  }
  // Told at the end of the turn: whoever starts a dial is not called back from within.
  if (open_ == 0 && next_ >= addresses_.size()) loop_.schedule(*this);
}

void Dial::note(int error) {
  const bool refused = error == ECONNREFUSED || error == ENOENT || error == EACCES;
  failure_.fault = refused ? http::CallFault::kConnectionRefused : http::CallFault::kConnectionTimeout;
  failure_.reason = refused ? "the server refused the connection" : "the server cannot be reached";
}

void Dial::settle(Attempt& attempt) {
  const int error = os::connect_outcome(attempt.socket.number());
  if (error == 0) {
    loop_.unwatch(attempt.socket.number());
    const base::Endpoint peer = attempt.peer;
    os::Fd socket = std::move(attempt.socket);
    give_up();
    return listener_.dialed(*this, std::move(socket), peer);
  }
  note(error);
  attempt.give_up();
  --open_;
  if (next_ < addresses_.size()) {
    attempt_next();
  } else if (open_ == 0) {
    fail(failure_);
  }
}

void Dial::on_turn_end() {
  if (!over_) fail(failure_);
}

void Dial::on_timer() {
  if (over_) return;
  if (loop_.now() >= deadline_) {
    fail({http::CallFault::kConnectionTimeout, http::Delivered::kNothing, "the server did not answer in time"});
  } else {
    attempt_next();
  }
}

void Dial::fail(const http::CallFailure& failure) {
  give_up();
  listener_.dial_failed(*this, failure);
}

void Dial::give_up() {
  over_ = true;
  for (const auto& attempt : attempts_) attempt->give_up();
}

}  // namespace gate::client

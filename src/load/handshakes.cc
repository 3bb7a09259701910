#include "load/handshakes.h"

#include <fmt/format.h>

#include <utility>

#include "base/buffer.h"
#include "base/text.h"
#include "os/fd.h"
#include "os/socket.h"
#include "tls/engine.h"

namespace gate::load {

// One connection from its handshake to its end.
class Handshakes::Connection final : public loop::Watcher, public loop::Mortal {
 public:
  Connection(Handshakes& owner, os::Fd socket, Purpose purpose)
      : owner_(owner),
        socket_(std::move(socket)),
        purpose_(purpose),
        engine_(owner.context_,
                {.server_name = owner.settings_.name, .session = owner.session_ ? &*owner.session_ : nullptr},
                owner.clock_) {}
  ~Connection() override { close(); }

  base::Result<> watch() { return owner_.loop_.watch(socket_.number(), *this, loop::Loop::Mode::kEdges); }

 private:
  void on_ready(loop::Readiness) override {
    if (over_) return;
    for (bool more = true; more && !over_;) more = advance();
  }

  // True when there may be more to do at once.
  bool advance() {
    const auto received = os::receive(socket_.number(), owner_.buffers_->received);
    if (received.state == os::IoState::kFailed) return finish("the connection broke");
    if (received.state == os::IoState::kClosed) return finish(answered_ ? "" : "the server closed the connection");
    tls::Io io{std::span(owner_.buffers_->received).first(received.count), out_};
    if (engine_.in_handshake() && !shake(io)) return false;
    if (!over_ && !engine_.in_handshake()) read(io);
    flush();
    return received.count == owner_.buffers_->received.size();
  }

  bool shake(tls::Io& io) {
    switch (engine_.handshake(io)) {
      case tls::Step::kDone: return established(io);
      case tls::Step::kNeedRead: flush(); return false;
      default: return finish(engine_.failure().what);
    }
  }

  bool established(tls::Io& io) {
    owner_.tally_.resumed += engine_.facts().resumed ? 1 : 0;
    owner_.tally_.group = engine_.facts().group;
    owner_.tally_.suite = engine_.facts().suite;
    if (purpose_ == Purpose::kRequest) {
      const std::string text =
          fmt::format("GET / HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", owner_.settings_.name);
      return engine_.write(io, base::as_bytes(text)) || finish("the connection failed");
    }
    if (purpose_ == Purpose::kHold) {
      ++owner_.tally_.done;
      owner_.held(*this);
      return true;
    }
    engine_.close(io);
    flush();
    return finish("");
  }

  void read(tls::Io& io) {
    std::size_t count = 0;
    tls::Step step = tls::Step::kDone;
    while ((step = engine_.read(io, owner_.buffers_->plain, count)) == tls::Step::kDone) {
      const auto text = base::as_text(std::span(owner_.buffers_->plain).first(count));
      if (!answered_) answered_ = text.starts_with("HTTP/1.1 200");
    }
    if (step == tls::Step::kEnd) finish(answered_ ? "" : "the answer was not 200");
    if (step == tls::Step::kFailed) finish(engine_.failure().what);
  }

  void flush() {
    if (over_ || out_.empty()) return;
    const auto sent = os::send(socket_.number(), out_.view());
    if (sent.state == os::IoState::kFailed) return;  // not connected yet: the edge comes again
    out_.consume(sent.count);
  }

  // `failure` is empty when all went well. Always false: there is nothing more to do.
  bool finish(std::string_view failure) {
    if (over_) return false;
    if (owner_.settings_.resume && failure.empty()) {
      if (auto session = engine_.take_session()) owner_.session_ = std::move(session);
    }
    if (failure.empty()) {
      ++owner_.tally_.done;
    } else {
      owner_.fail(failure);
    }
    close();
    owner_.ended(*this);
    return false;
  }

  void close() {
    if (std::exchange(over_, true)) return;
    owner_.loop_.unwatch(socket_.number());
    socket_.close();
  }

  Handshakes& owner_;
  os::Fd socket_;
  const Purpose purpose_;
  tls::Engine engine_;
  base::Buffer out_;
  bool answered_ = false;
  bool over_ = false;
};

base::Result<std::unique_ptr<Handshakes>> Handshakes::create(const HandshakeSettings& settings, loop::Loop& loop,
                                                             const base::Clock& clock) {
  GATE_TRY_ASSIGN(auto context, tls::ClientContext::create({.alpn = {"http/1.1"}, .groups = settings.groups}, clock));
  return std::make_unique<Handshakes>(settings, loop, clock, std::move(context));
}

Handshakes::Handshakes(const HandshakeSettings& settings, loop::Loop& loop, const base::Clock& clock,
                       std::shared_ptr<const tls::ClientContext> context)
    : settings_(settings), loop_(loop), clock_(clock), context_(std::move(context)) {}

Handshakes::~Handshakes() = default;

void Handshakes::on_turn_end() {
  const bool waits_for_ticket = settings_.resume && !session_;
  const std::size_t room = waits_for_ticket ? 1 : settings_.concurrency;
  while (under_way_.size() < room && begun_ < settings_.count_max) {
    ++begun_;
    if (open_one()) continue;
    return loop_.schedule(*this);  // in the next turn: what is lacking may come back
  }
}

bool Handshakes::open_one() {
  auto socket = os::start_connecting(settings_.server);
  if (!socket) {
    fail("the system has no connection to give");
    return false;
  }
  const bool wants_ticket = settings_.resume && !session_;
  auto connection =
      std::make_unique<Connection>(*this, *std::move(socket), wants_ticket ? Purpose::kRequest : settings_.purpose);
  if (const auto watched = connection->watch(); !watched) {
    fail(watched.error().what);
    return false;
  }
  under_way_.emplace(connection.get(), std::move(connection));
  return true;
}

void Handshakes::held(Connection& connection) {
  held_.push_back(std::move(under_way_.extract(&connection).mapped()));
  loop_.schedule(*this);
}

void Handshakes::ended(Connection& connection) {
  loop_.bury(std::move(under_way_.extract(&connection).mapped()));
  loop_.schedule(*this);
}

}  // namespace gate::load

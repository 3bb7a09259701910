#include "bench/gateload/rate.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <deque>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/text.h"
#include "bench/gateload/histogram.h"
#include "bench/gateload/response.h"
#include "loop/loop.h"
#include "os/fd.h"
#include "os/socket.h"
#include "tls/client.h"
#include "tls/engine.h"

namespace gate::bench {
namespace {

using namespace std::chrono_literals;

constexpr auto kWarmUp = 1s;
constexpr auto kPatience = 10s;  // for handshakes, and for answers after the last request has started

class Lane;

// What all connections of a run share.
struct Run {
  const base::Clock& clock;
  std::string request;
  base::Instant counted_from{};
  std::vector<Lane*> free{};
  Histogram latency{};
  Histogram lag{};
  std::size_t done = 0;
  std::size_t counted = 0;
  std::size_t failed = 0;
};

// One connection, which carries a request at a time.
class Lane final : public loop::Watcher {
 public:
  Lane(Run& run, os::Fd socket, const std::shared_ptr<tls::ClientContext>& context, const std::string& name)
      : run_(run), socket_(std::move(socket)), engine_(context, {.server_name = name}, run.clock) {}

  int descriptor() const { return socket_.number(); }

  // Sends the request, which was meant to start at `intended`.
  void begin(base::Instant intended) {
    intended_ = intended;
    response_.emplace();
    tls::Io io{{}, out_};
    if (!engine_.write(io, base::as_bytes(run_.request))) return fail();
    flush();
  }

 private:
  void on_ready(loop::Readiness) override {
    for (bool more = true; more && !broken_;) more = advance();
  }

  // True when there may be more to do at once.
  bool advance() {
    const auto received = os::receive(socket_.number(), received_);
    if (received.state == os::IoState::kFailed || received.state == os::IoState::kClosed) {
      fail();
      return false;
    }
    tls::Io io{std::span(received_).first(received.count), out_};
    if (engine_.in_handshake()) {
      const auto step = engine_.handshake(io);
      if (step == tls::Step::kDone) run_.free.push_back(this);
      if (step == tls::Step::kFailed) fail();
    }
    if (!broken_ && !engine_.in_handshake()) read(io);
    flush();
    return received.count == received_.size();
  }

  void read(tls::Io& io) {
    std::size_t count = 0;
    tls::Step step = tls::Step::kDone;
    while ((step = engine_.read(io, plain_, count)) == tls::Step::kDone) {
      const auto state = response_ ? response_->take(base::as_text(std::span(plain_).first(count)))
                                   : ResponseEnd::State::kBad;  // nothing was asked for
      if (state == ResponseEnd::State::kBad) return fail();
      if (state == ResponseEnd::State::kDone) finish();
    }
    if (step == tls::Step::kEnd || step == tls::Step::kFailed) fail();
  }

  void finish() {
    ++run_.done;
    if (intended_ >= run_.counted_from) {
      ++run_.counted;
      run_.latency.add(run_.clock.now() - intended_);
    }
    response_.reset();
    run_.free.push_back(this);
  }

  void fail() {
    run_.failed += broken_ ? 0 : 1;
    broken_ = true;
  }

  void flush() {
    if (broken_ || out_.empty()) return;
    const auto sent = os::send(socket_.number(), out_.view());
    if (sent.state == os::IoState::kFailed) return;  // not connected yet: the edge comes again
    out_.consume(sent.count);
  }

  static inline std::array<std::byte, 64 * 1024> received_;
  static inline std::array<std::byte, 16 * 1024> plain_;

  Run& run_;
  os::Fd socket_;
  tls::Engine engine_;
  base::Buffer out_;
  std::optional<ResponseEnd> response_;
  base::Instant intended_{};
  bool broken_ = false;
};

// When requests are meant to start: at even distances, whatever the server does.
class Schedule {
 public:
  Schedule(base::Instant began, const RateLoad& load)
      : began_(began),
        interval_(std::chrono::nanoseconds(1s) / std::max<std::size_t>(1, load.requests_per_second)),
        end_(began + kWarmUp + std::chrono::seconds(load.seconds)) {}

  // The next start that is due, if one is.
  std::optional<base::Instant> due(base::Instant now) {
    const base::Instant next = began_ + interval_ * started_;
    if (next > now || next >= end_) return std::nullopt;
    ++started_;
    return next;
  }

  base::Instant end() const { return end_; }

 private:
  base::Instant began_;
  std::chrono::nanoseconds interval_;
  base::Instant end_;
  std::int64_t started_ = 0;
};

// Has every free connection carry another request, until `end`.
void saturate(Run& run, loop::Loop& loop, base::Instant end) {
  while (run.clock.now() < end && run.failed == 0) {
    for (const auto free = std::exchange(run.free, {}); Lane * each : free) each->begin(run.clock.now());
    loop.turn(run.clock.now());
  }
}

// Starts requests when they are due; those for which no connection is free wait, and the wait counts. Turns never
// sleep: a wake-up would be late by more than what is measured.
void keep_rate(Run& run, loop::Loop& loop, Schedule schedule) {
  std::deque<base::Instant> waiting;
  std::size_t started = 0;
  const auto over = [&](base::Instant now) {
    return (now >= schedule.end() && waiting.empty() && run.done == started) || now >= schedule.end() + kPatience;
  };
  for (base::Instant now = run.clock.now(); !over(now) && run.failed == 0; now = run.clock.now()) {
    while (const auto start = schedule.due(now)) {
      waiting.push_back(*start);
      if (*start >= run.counted_from) run.lag.add(now - *start);
    }
    for (; !waiting.empty() && !run.free.empty(); ++started) {
      Lane* lane = run.free.back();
      run.free.pop_back();
      lane->begin(waiting.front());
      waiting.pop_front();
    }
    loop.turn(now);
  }
  run.failed += waiting.size() + started - run.done;
}

}  // namespace

int drive_rate(const RateLoad& load) {
  const base::SystemClock clock;
  auto loop = loop::Loop::create(clock);
  auto context = tls::ClientContext::create({.alpn = {"http/1.1"}}, clock);
  if (!loop || !context) return 3;
  Run run{.clock = clock, .request = fmt::format("GET /{} HTTP/1.1\r\nHost: {}\r\n\r\n", load.path, load.name)};
  std::vector<std::unique_ptr<Lane>> lanes;
  for (std::size_t i = 0; i < load.connections; ++i) {
    auto socket = os::start_connecting(load.server);
    if (!socket) return 4;
    lanes.push_back(std::make_unique<Lane>(run, std::move(*socket), *context, load.name));
    if (!(*loop)->watch(lanes.back()->descriptor(), *lanes.back(), loop::Loop::Mode::kEdges)) return 3;
  }
  const auto give_up = clock.now() + kPatience;
  while (run.free.size() < lanes.size() && run.failed == 0 && clock.now() < give_up) (*loop)->turn(clock.now() + 100ms);
  if (run.free.size() < lanes.size()) run.failed += lanes.size() - run.free.size();

  const auto began = clock.now();
  const Schedule schedule(began, load);
  run.counted_from = began + kWarmUp;
  if (load.requests_per_second == 0) {
    saturate(run, **loop, schedule.end());
  } else {
    keep_rate(run, **loop, schedule);
  }
  for (const auto& lane : lanes) (*loop)->unwatch(lane->descriptor());
  fmt::print("{{\"counted\":{},\"failed\":{},\"seconds\":{},\"latency\":{},\"lag\":{}}}\n", run.counted, run.failed,
             load.seconds, run.latency.json(), run.lag.json());
  return run.failed == 0 ? 0 : 1;
}

}  // namespace gate::bench

// The load generator for what packaged ones do not do or do dearly: TLS handshakes by the thousand (full or resumed),
// one request on each, idle connections that are held, and requests at a fixed rate.
//
//   gateload handshake ADDRESS:PORT NAME COUNT CONCURRENCY [resume] [GROUP]
//   gateload idle      ADDRESS:PORT NAME COUNT              holds them until standard input ends
//   gateload rate      ADDRESS:PORT NAME PATH PER-SECOND SECONDS CONNECTIONS
//
// Prints one line of JSON.

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/ip.h"
#include "base/text.h"
#include "bench/gateload/rate.h"
#include "loop/loop.h"
#include "os/fd.h"
#include "os/limits.h"
#include "os/socket.h"
#include "tls/client.h"
#include "tls/engine.h"

namespace {

using namespace gate;

constexpr std::chrono::minutes kPatience{2};

struct Load {
  base::Endpoint server;
  std::string name;
  std::size_t count = 0;
  std::size_t concurrency = 1;
  bool resume = false;
  bool idle = false;
  std::vector<std::uint16_t> groups;
};

// What all connections of a run share.
struct Run {
  const Load& load;
  const base::Clock& clock;
  loop::Loop& loop;
  std::shared_ptr<tls::ClientContext> context;
  std::optional<tls::Session> session;
  std::size_t started = 0;
  std::size_t done = 0;
  std::size_t failed = 0;
  std::size_t resumed = 0;
  std::uint16_t group = 0;
  std::uint16_t suite = 0;
};

// An IPv4 connection that is being opened.
os::Fd connect_to(const base::Endpoint& server) {
  os::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(server.port);
  base::copy_bytes(std::as_writable_bytes(std::span(&address.sin_addr, 1)),
                   std::as_bytes(server.address.octets().last<4>()));
  connect(socket.number(), reinterpret_cast<sockaddr*>(&address), sizeof address);
  return socket;
}

// One connection: handshake, then a request and its response to the end, or nothing when it is to be idle.
class Client final : public loop::Watcher, public loop::Mortal {
 public:
  explicit Client(Run& run)
      : run_(run),
        socket_(connect_to(run.load.server)),
        engine_(run.context, {.server_name = run.load.name, .session = run.session ? &*run.session : nullptr},
                run.clock) {
    ++run_.started;
  }

  bool start() { return run_.loop.watch(socket_.number(), *this, loop::Loop::Mode::kEdges).has_value(); }

 private:
  void on_ready(loop::Readiness) override {
    if (over_) return;
    for (bool more = true; more && !over_;) more = advance();
  }

  // True when there may be more to do at once.
  bool advance() {
    const auto received = os::receive(socket_.number(), received_);
    if (received.state == os::IoState::kFailed || received.state == os::IoState::kClosed) {
      finish(answered_);
      return false;
    }
    tls::Io io{std::span(received_).first(received.count), out_};
    if (engine_.in_handshake() && !shake(io)) return false;
    if (!engine_.in_handshake()) read(io);
    flush();
    return received.count == received_.size();
  }

  bool shake(tls::Io& io) {
    switch (engine_.handshake(io)) {
      case tls::Step::kDone:
        run_.resumed += engine_.facts().resumed ? 1 : 0;
        run_.group = engine_.facts().group;
        run_.suite = engine_.facts().suite;
        if (run_.load.idle) {
          ++run_.done;
        } else {
          request(io);
        }
        return true;
      case tls::Step::kNeedRead: flush(); return false;
      default: finish(false); return false;
    }
  }

  void request(tls::Io& io) {
    const std::string text = "GET / HTTP/1.1\r\nHost: " + run_.load.name + "\r\nConnection: close\r\n\r\n";
    if (!engine_.write(io, base::as_bytes(text))) finish(false);
  }

  void read(tls::Io& io) {
    std::size_t count = 0;
    tls::Step step = tls::Step::kDone;
    while ((step = engine_.read(io, plain_, count)) == tls::Step::kDone) {
      if (!answered_) answered_ = base::as_text(std::span(plain_).first(count)).starts_with("HTTP/1.1 200");
    }
    if (step == tls::Step::kEnd) finish(answered_);
    if (step == tls::Step::kFailed) finish(false);
  }

  void flush() {
    if (over_ || out_.empty()) return;
    const auto sent = os::send(socket_.number(), out_.view());
    if (sent.state == os::IoState::kFailed) return;  // not connected yet: the edge comes again
    out_.consume(sent.count);
  }

  void finish(bool good) {
    if (over_) return;
    over_ = true;
    if (run_.load.resume && good) {
      if (auto session = engine_.take_session()) run_.session = std::move(session);
    }
    (good ? run_.done : run_.failed) += 1;
    run_.loop.unwatch(socket_.number());
    socket_.close();
    run_.loop.bury(std::unique_ptr<loop::Mortal>(this));
  }

  static inline std::array<std::byte, 64 * 1024> received_;
  static inline std::array<std::byte, 16 * 1024> plain_;

  Run& run_;
  os::Fd socket_;
  tls::Engine engine_;
  base::Buffer out_;
  bool answered_ = false;
  bool over_ = false;
};

void start_one(Run& run) {
  auto client = std::make_unique<Client>(run);
  if (client->start()) {
    static_cast<void>(client.release());  // buries itself
  } else {
    ++run.failed;
  }
}

int drive(const Load& load) {
  const base::SystemClock clock;
  auto loop = loop::Loop::create(clock);
  auto context = tls::ClientContext::create({.alpn = {"http/1.1"}, .groups = load.groups}, clock);
  if (!loop || !context) return 3;
  Run run{.load = load, .clock = clock, .loop = **loop, .context = *context, .session = {}};
  const auto began = clock.now();
  const auto give_up = began + kPatience;  // on a server that keeps connections waiting for others to end
  while (run.done + run.failed < load.count && clock.now() < give_up) {
    const std::size_t open = run.started - run.done - run.failed;
    const std::size_t room =
        load.idle ? std::min<std::size_t>(load.concurrency, load.count - run.started) : load.concurrency - open;
    const bool first_of_resumption = load.resume && !run.session && run.started > 0;
    for (std::size_t i = 0;
         i < room && run.started < load.count && !first_of_resumption && (!load.idle || open < load.concurrency); ++i) {
      start_one(run);
      if (load.resume && !run.session) break;
    }
    (*loop)->turn(clock.now() + std::chrono::milliseconds(100));
  }
  const std::chrono::duration<double> took = clock.now() - began;
  fmt::print("{{\"done\":{},\"failed\":{},\"resumed\":{},\"group\":{},\"suite\":{},\"seconds\":{:.4f}}}\n", run.done,
             run.failed, run.resumed, run.group, run.suite, took.count());
  std::fflush(stdout);
  while (load.idle && std::getchar() != EOF) {
  }
  return run.done == load.count ? 0 : 1;
}

std::optional<Load> parse(const std::vector<std::string_view>& words) {
  if (words.size() < 4) return std::nullopt;
  Load load;
  load.idle = words[0] == "idle";
  const auto server = base::Endpoint::parse(words[1]);
  const auto count = base::parse_number<std::size_t>(words[3]);
  if (!server || !count) return std::nullopt;
  load.server = *server;
  load.name = words[2];
  load.count = *count;
  load.concurrency = words.size() > 4 ? base::parse_number<std::size_t>(words[4]).value_or(1) : 64;
  for (std::size_t i = 5; i < words.size(); ++i) {
    if (words[i] == "resume") {
      load.resume = true;
    } else {
      load.groups = {base::parse_number<std::uint16_t>(words[i]).value_or(29)};
    }
  }
  return load;
}

std::optional<bench::RateLoad> parse_rate(const std::vector<std::string_view>& words) {
  if (words.size() != 7 || words[0] != "rate") return std::nullopt;
  const auto server = base::Endpoint::parse(words[1]);
  const auto rate = base::parse_number<std::size_t>(words[4]);
  const auto seconds = base::parse_number<std::size_t>(words[5]);
  const auto connections = base::parse_number<std::size_t>(words[6]);
  if (!server || !rate || !seconds || !connections) return std::nullopt;
  return bench::RateLoad{.server = *server,
                         .name = std::string(words[2]),
                         .path = std::string(words[3]),
                         .requests_per_second = *rate,
                         .seconds = *seconds,
                         .connections = *connections};
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  if (const auto rate = parse_rate(words)) return gate::bench::drive_rate(*rate);
  const auto load = !words.empty() && words[0] != "rate" ? parse(words) : std::nullopt;
  if (!load) {
    fmt::print(stderr,
               "usage: gateload handshake|idle ADDRESS:PORT NAME COUNT [CONCURRENCY] [resume] [GROUP]\n"
               "       gateload rate ADDRESS:PORT NAME PATH PER-SECOND SECONDS CONNECTIONS\n");
    return 2;
  }
  static_cast<void>(gate::os::raise_descriptor_limit(1'000'000));
  return drive(*load);
}

#include "app/bench/self_bench.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <memory>
#include <optional>
#include <utility>

#include "app/application.h"
#include "app/bench/ground.h"
#include "base/check.h"
#include "client/loop_context.h"
#include "load/handshakes.h"
#include "load/requests.h"
#include "loop/loop.h"
#include "os/processor.h"
#include "os/random.h"
#include "os/signals.h"

namespace gate::app {
namespace {

constexpr std::uint16_t kX25519 = 0x001d;
constexpr std::uint16_t kX25519Mlkem768 = 0x11ec;
constexpr double kMegabyte = 1e6;

// Each case is measured twice, and the cheaper one counts: the second time in the reverse order, so that what else the
// machine does meets another case.
constexpr std::size_t kRounds = 2;

constexpr std::chrono::seconds kPatience{5};

// The server's threads have all that this one has not.
base::Duration server_time() { return os::process_time() - os::thread_time(); }

// Notes SIGINT and SIGTERM.
class Interrupt final : private loop::Watcher {
 public:
  Interrupt(os::SignalReceiver signals, loop::Loop& loop) : signals_(std::move(signals)), loop_(loop) {}
  ~Interrupt() { loop_.unwatch(signals_.fd()); }
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  base::Result<> watch() { return loop_.watch(signals_.fd(), *this, loop::Loop::Mode::kLevel); }
  bool came() const { return came_; }

 private:
  void on_ready(loop::Readiness) override {
    while (signals_.next()) came_ = true;
  }

  os::SignalReceiver signals_;
  loop::Loop& loop_;
  bool came_ = false;
};

// How much other programs keep the machine's processors from being idle.
class Others {
 public:
  double share() const {
    const auto now = os::machine_time();
    if (!before_ || !now || now->all == before_->all) return 0;
    const auto theirs = (now->busy - before_->busy) - (os::process_time() - ours_before_);
    return std::max(0.0, static_cast<double>(theirs.count()) / static_cast<double>((now->all - before_->all).count()));
  }

 private:
  std::optional<os::MachineTime> before_ = os::machine_time();
  base::Duration ours_before_ = os::process_time();
};

// The server, the client, and what is measured with them.
class Bench {
 public:
  Bench(const BenchOptions& options, Application& application, loop::Loop& loop, client::Context& client,
        const base::Clock& clock, const Interrupt& interrupt)
      : options_(options), loop_(loop), client_(client), clock_(clock), interrupt_(interrupt) {
    for (const auto& address : application.listeners().addresses()) {
      if (address.role == server::ListenerRole::kTls) server_ = address.endpoint;
    }
  }

  void run(BenchReport& report, const BenchProgress& progress) {
    const Others others;
    const std::size_t count = report.measurements.size();
    for (std::size_t round = 0; round < kRounds; ++round) {
      for (std::size_t i = 0; i < count && !interrupt_.came(); ++i) {
        auto& measurement = report.measurements[round % 2 == 0 ? i : count - 1 - i];
        progress(words_of(measurement.which), round * count + i, kRounds * count);
        if (measurement.problem.empty()) measure(measurement, options_.time / (kRounds * count));
      }
    }
    report.others_share = others.share();
    report.complete = !interrupt_.came();
  }

  void name_own(std::string host) { own_ = std::move(host); }

 private:
  // A quarter of the time is for getting warm.
  void measure(Measurement& into, base::Duration time) {
    auto load = make_load(into.which);
    if (!load) {
      into.problem = load.error().what;
      return;
    }
    (*load)->begin();
    spend(time / 4);
    const load::Tally before = (*load)->tally();
    const base::Duration server_before = server_time();
    spend(time - time / 4);
    // What takes longer than its share of the time is waited for: on a busy machine, a figure is better than none.
    const base::Instant patience = clock_.now() + kPatience;
    while ((*load)->tally().done == before.done && clock_.now() < patience && !interrupt_.came()) spend(time / 4);
    if (interrupt_.came()) return;
    take((*load)->tally(), before, server_time() - server_before, into);
  }

  void spend(base::Duration time) {
    const base::Instant end = clock_.now() + time;
    while (clock_.now() < end && !interrupt_.came()) loop_.turn(end);
  }

  static void take(const load::Tally& now, const load::Tally& before, base::Duration spent, Measurement& into) {
    const std::uint64_t done = now.done - before.done;
    if (done == 0) {
      into.problem = now.failure.empty() ? "nothing was done in the time there was" : now.failure;
      return;
    }
    const double microseconds = std::chrono::duration<double, std::micro>(spent).count();
    const auto bytes = static_cast<double>(now.bytes - before.bytes);
    const double each =
        microseconds / (into.which == BenchCase::kLarge ? bytes / kMegabyte : static_cast<double>(done));
    if (into.which != BenchCase::kLarge) into.body_bytes = bytes / static_cast<double>(done);
    into.status = now.status;
    into.microseconds = into.operations == 0 ? each : std::min(each, into.microseconds);
    into.operations += done;
    into.failed += now.failed - before.failed;
  }

  base::Result<std::unique_ptr<load::Load>> make_load(BenchCase which) {
    switch (which) {
      case BenchCase::kHandshake: return handshakes(Ground::kPlain, kX25519);
      case BenchCase::kMlkemHandshake: return handshakes(Ground::kPlain, kX25519Mlkem768);
      case BenchCase::kResumedHandshake: return handshakes(Ground::kPlain, kX25519, true);
      case BenchCase::kRsaHandshake: return handshakes(Ground::kRsa, kX25519);
      case BenchCase::kOwnHandshake: return handshakes(own_, kX25519);
      case BenchCase::kHttp1: return requests({.name = Ground::kPlain, .target = Ground::kSmallFile});
      case BenchCase::kHttp2: return requests(multiplexed());
      case BenchCase::kLogged: return requests({.name = Ground::kLogged, .target = Ground::kSmallFile});
      case BenchCase::kLarge: return requests({.name = Ground::kPlain, .target = Ground::kLargeFile, .concurrency = 2});
      case BenchCase::kText: return text("");
      case BenchCase::kGzip: return text("gzip");
      case BenchCase::kBrotli: return text("br");
      case BenchCase::kZstd: return text("zstd");
      case BenchCase::kOwnRequest: return requests({.name = own_, .target = options_.own.path});
    }
    GATE_CHECK(false);
  }

  base::Result<std::unique_ptr<load::Load>> handshakes(std::string name, std::uint16_t group, bool resume = false) {
    const load::HandshakeSettings settings{.server = server_,
                                           .name = std::move(name),
                                           .groups = {group},
                                           .purpose = load::Purpose::kClose,
                                           .resume = resume};
    return load::Handshakes::create(settings, loop_, clock_);
  }

  base::Result<std::unique_ptr<load::Load>> requests(load::RequestSettings settings) {
    settings.server = server_;
    return std::make_unique<load::Requests>(settings, client_);
  }

  static load::RequestSettings multiplexed() {
    return {.name = Ground::kPlain, .target = Ground::kSmallFile, .version = load::Version::kHttp2, .concurrency = 64};
  }

  base::Result<std::unique_ptr<load::Load>> text(std::string coding) {
    return requests(
        {.name = Ground::kText, .target = Ground::kTextFile, .accept_encoding = std::move(coding), .concurrency = 4});
  }

  const BenchOptions& options_;
  loop::Loop& loop_;
  client::Context& client_;
  const base::Clock& clock_;
  const Interrupt& interrupt_;
  base::Endpoint server_;
  std::string own_;
};

// Adds what is to be measured, as far as there is anything; why not, where it must not be.
void plan(BenchReport& report) {
  for (std::size_t i = 0; i < kBenchCases; ++i) {
    Measurement measurement{.which = static_cast<BenchCase>(i)};
    const bool handshake = measurement.which == BenchCase::kOwnHandshake;
    const bool request = measurement.which == BenchCase::kOwnRequest;
    if ((handshake || request) && !report.own) continue;
    if (handshake) measurement.problem = report.own->handshake_problem;
    if (request) measurement.problem = report.own->request_problem;
    report.measurements.push_back(std::move(measurement));
  }
}

// The user's site is the last one.
std::string key_of_last_site(const Application& application) {
  const auto& credentials = application.credentials().back().credentials;
  return credentials.empty() ? "" : credentials.front().leaf().key_text();
}

// Builds the server; what it is to be is in `report`.
base::Result<std::unique_ptr<Application>> make_server(const BenchOptions& options, const Ground& ground,
                                                       LoadedConfiguration* loaded, const base::Clock& clock,
                                                       BenchReport& report) {
  LoadedConfiguration built_in = ground.configuration();
  if (!loaded) return Application::create({}, built_in, clock);
  GATE_TRY_ASSIGN(report.own, choose_own_site(options.own, loaded->settings));
  stand_on(ground, report.own ? report.own->name : "", loaded->settings);
  GATE_TRY_ASSIGN(auto application, Application::create({}, *loaded, clock));
  if (report.own) report.own->key = key_of_last_site(*application);
  return application;
}

}  // namespace

base::Result<BenchReport> self_bench(const BenchOptions& options, LoadedConfiguration* loaded,
                                     const BenchProgress& progress) {
  const base::SystemClock clock;
  const std::array signals{SIGINT, SIGTERM, SIGHUP};
  GATE_TRY_ASSIGN(auto receiver, os::SignalReceiver::create(signals));
  os::ignore_broken_pipes();
  os::stay_on_this_processor();  // elsewhere the figures are a little higher
  progress("starting", 0, 1);
  BenchReport report{.processors = os::processors_text()};
  GATE_TRY_ASSIGN(const Ground ground, Ground::create(clock));
  GATE_TRY_ASSIGN(const auto application, make_server(options, ground, loaded, clock, report));
  plan(report);

  os::SystemRandom random;
  GATE_TRY_ASSIGN(const auto loop, loop::Loop::create(clock));
  GATE_TRY_ASSIGN(const auto client, client::LoopContext::create(*loop, random));
  Interrupt interrupt(std::move(receiver), *loop);
  GATE_TRY(interrupt.watch());
  Bench bench(options, *application, *loop, client->context(), clock, interrupt);
  if (report.own) bench.name_own(report.own->host);
  application->start();
  bench.run(report, progress);
  application->stop();
  return report;
}

}  // namespace gate::app

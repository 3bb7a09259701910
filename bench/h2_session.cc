// What an HTTP/2 request costs the driver, in memory: bytes in, exchange, bytes out. And what an idle connection holds.

#include <benchmark/benchmark.h>
#include <malloc.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/text.h"
#include "bench/h2_requests.h"
#include "http/exchange.h"
#include "http/h2/h2_wire.h"

namespace {

using namespace gate;
using bench::h2::Client;
using bench::h2::first_request;
using bench::h2::kStreams;
using bench::h2::Requests;
using http::h2::H2Wire;

// Everything a wire stands on; answers each request with `body` and seven fields.
class Stage final : public http::Dispatcher, public http::WireObserver, public http::WireHost {
 public:
  explicit Stage(std::size_t body_bytes) : body_(body_bytes, 'x') {
    limits.requests_per_connection_max = UINT64_MAX;
    connection_.secure = true;
    time_.now = base::Instant{std::chrono::hours(1)};
    time_.http_date = "Sun, 06 Nov 1994 08:49:37 GMT";
  }

  std::unique_ptr<H2Wire> connect() {
    auto wire = std::make_unique<H2Wire>(context_, *this, connection_, limits, *this);
    wire->receive(base::as_bytes(Client::greeting(Client::setting(4, 0x7fff'ffff))));
    produce(*wire);
    return wire;
  }

  // Everything the wire has to say; yields how many bytes.
  std::size_t produce(H2Wire& wire) {
    constexpr std::size_t kBudget = 64 * 1024;
    std::size_t bytes = 0;
    for (;;) {
      wire.produce(out_, kBudget);
      if (out_.empty()) return bytes;
      bytes += out_.size();
      wire.note_progress(out_.size());
      out_.clear();
    }
  }

  void dispatch(http::Exchange& exchange) override {
    auto& fields = exchange.response.fields;
    fields.add(http::FieldId::kContentType, "text/css");
    fields.add(http::FieldId::kETag, "\"5f3c-62a1\"");
    fields.add(http::FieldId::kLastModified, "Sat, 05 Nov 1994 08:49:37 GMT");
    fields.add(http::FieldId::kXContentTypeOptions, "nosniff");
    exchange.response.body = exchange.make_text_body(body_);
    exchange.respond();
  }
  void finished(const http::Exchange&) override { ++requests; }
  void violation(const http::ConnectionInfo&, const http::WireEvent&) override { std::abort(); }
  void wake() override {}

  http::Limits limits;
  std::size_t requests = 0;

 private:
  std::string body_;
  http::ConnectionInfo connection_;
  http::TurnTime time_;
  base::BlockPool blocks_;
  std::uint64_t next_id_ = 1;
  std::vector<std::byte> scratch_ = std::vector<std::byte>(http::kScratchBytes);
  http::WireContext context_{blocks_, time_, *this, next_id_, nullptr, scratch_};
  base::Buffer out_;
};

void requests(benchmark::State& state) {
  const auto body_bytes = static_cast<std::size_t>(state.range(0));
  Stage stage(body_bytes);
  auto wire = stage.connect();
  Requests requests(body_bytes);
  wire->receive(base::as_bytes(first_request()));
  stage.produce(*wire);
  for (auto _ : state) {
    wire->receive(base::as_bytes(requests.next()));
    benchmark::DoNotOptimize(stage.produce(*wire));
  }
  if (stage.requests != 1 + kStreams * static_cast<std::size_t>(state.iterations()))
    state.SkipWithError("lost requests");
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * kStreams);
  state.counters["us_per_request"] = benchmark::Counter(static_cast<double>(state.iterations()) * kStreams * 1e-6,
                                                        benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(requests)->Arg(300)->Arg(16'000);

// Bytes of the allocator that a connection holds which has served one request and waits.
void idle_connection(benchmark::State& state) {
  constexpr std::size_t kConnections = 1000;
  double bytes = 0;
  for (auto _ : state) {
    Stage stage(300);
    std::vector<std::unique_ptr<H2Wire>> wires;
    wires.reserve(kConnections);
    const auto before = mallinfo2().uordblks;
    for (std::size_t i = 0; i < kConnections; ++i) {
      wires.push_back(stage.connect());
      wires.back()->receive(base::as_bytes(first_request()));
      stage.produce(*wires.back());
    }
    bytes = static_cast<double>(mallinfo2().uordblks - before) / kConnections;
  }
  state.counters["bytes"] = bytes;
}
BENCHMARK(idle_connection)->Iterations(1);

}  // namespace

BENCHMARK_MAIN();

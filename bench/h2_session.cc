// What an HTTP/2 request costs the driver, in memory: bytes in, exchange, bytes out. And what an idle connection holds.

#include <benchmark/benchmark.h>
#include <malloc.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/text.h"
#include "http/exchange.h"
#include "http/h2/frame.h"
#include "http/h2/h2_wire.h"
#include "http/h2/raw_client_for_test.h"

namespace {

using namespace gate;
using http::h2::FrameType;
using http::h2::H2Wire;
using Client = http::h2::testing::RawClient;

constexpr std::uint32_t kStreams = 32;

const http::h2::testing::Lines kBrowserLines{
    {":method", "GET"},
    {":scheme", "https"},
    {":authority", "www.example.com"},
    {":path", "/assets/application.css"},
    {"user-agent",
     "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"},
    {"accept", "text/css,*/*;q=0.1"},
    {"accept-encoding", "gzip, deflate, br, zstd"},
    {"accept-language", "en-GB,en;q=0.9"},
};

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

std::string request(std::string_view block) {
  constexpr std::uint8_t kWhole = http::h2::kFlagEndHeaders | http::h2::kFlagEndStream;
  return Client::frame(FrameType::kHeaders, kWhole, 1, block);
}

// The client's first request fills the server's header table: literals with incremental indexing (RFC 7541 6.2.1).
std::string first_request() {
  std::string block;
  for (const auto& [name, value] : kBrowserLines) {
    block += '\x40' + Client::number(name.size(), 1) + name + Client::number(value.size(), 1) + value;
  }
  return request(block);
}

// A pass of requests on new streams, each line one byte that refers to the table.
class Requests {
 public:
  explicit Requests(std::size_t body_bytes) {
    constexpr std::size_t kFirstDynamic = 62;
    std::string block;
    for (std::size_t i = kBrowserLines.size(); i > 0; --i) block += Client::number(0x80 | (kFirstDynamic + i - 1), 1);
    const std::string one = request(block);
    one_bytes_ = one.size();
    for (std::uint32_t i = 0; i < kStreams; ++i) pass_ += one;
    pass_ += Client::window_update(0, static_cast<std::uint32_t>(kStreams * body_bytes));
  }

  std::string_view next() {
    constexpr std::size_t kIdOffset = 5;
    for (std::uint32_t i = 0; i < kStreams; ++i, id_ += 2) {
      pass_.replace(i * one_bytes_ + kIdOffset, 4, Client::number(id_, 4));
    }
    return pass_;
  }

 private:
  std::string pass_;
  std::size_t one_bytes_ = 0;
  std::uint32_t id_ = 3;
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

// A warm keep-alive connection serves without the allocator, and an idle one holds nothing.

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>
#include <string_view>

#include "http/h1/harness_for_test.h"
#include "http/h1/wire.h"

namespace {

std::size_t allocations = 0;

}  // namespace

// Counted in the whole test program; the library's own array forms call these.
void* operator new(std::size_t bytes) {
  ++allocations;
  if (void* memory = std::malloc(bytes)) return memory;
  std::abort();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace gate::http::h1 {
namespace {

constexpr std::string_view kBrowserRequest =
    "GET /assets/application-4f1d2c.css?v=1 HTTP/1.1\r\n"
    "Host: www.example.com\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 "
    "Safari/537.36\r\n"
    "Accept: text/css,*/*;q=0.1\r\n"
    "Sec-Fetch-Site: same-origin\r\n"
    "Sec-Fetch-Mode: no-cors\r\n"
    "Sec-Fetch-Dest: style\r\n"
    "Referer: https://www.example.com/\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Accept-Language: en-GB,en;q=0.9\r\n"
    "Cookie: session=d41d8cd98f00b204e9800998ecf8427ed41d8cd98f00b204e9800998ecf8427e\r\n"
    "\r\n";

// A worker and a connection whose observer and dispatcher allocate nothing themselves.
class Quiet final : private Dispatcher, private WireObserver, private WireHost {
 public:
  void serve(std::string_view request) {
    wire_.receive(base::as_bytes(request));
    wire_.produce(out_, 16 * 1024);
    wire_.note_progress(out_.size());
    out_.clear();
  }
  std::size_t served = 0;

 private:
  void dispatch(Exchange& exchange) override {
    exchange.response.fields.add(FieldId::kContentType, "text/css");
    exchange.response.body = exchange.make_text_body("body { margin: 0 }");
    exchange.respond();
  }
  void finished(const Exchange&) override { ++served; }
  void violation(const ConnectionInfo&, const WireEvent&) override {}
  void wake() override {}

  base::BlockPool blocks_;
  TurnTime time_{base::Instant{}, base::WallTime{}, "Sun, 06 Nov 1994 08:49:37 GMT"};
  std::uint64_t next_id_ = 1;
  WireContext context_{blocks_, time_, *this, next_id_};
  ConnectionInfo connection_;
  Limits limits_;
  base::Buffer out_;
  Wire wire_{context_, static_cast<Dispatcher&>(*this), connection_, limits_, static_cast<WireHost&>(*this)};
};

TEST(H1Allocation, warm_requests_cost_none) {
  Quiet quiet;
  quiet.serve(kBrowserRequest);
  const std::size_t before = allocations;
  for (int i = 0; i < 100; ++i) quiet.serve(kBrowserRequest);
  EXPECT_EQ(allocations - before, 0U);
  EXPECT_EQ(quiet.served, 101U);
}

TEST(H1Allocation, is_counted) {
  const std::size_t before = allocations;
  const auto something = std::make_unique<int>(1);
  EXPECT_EQ(allocations - before, 1U);
}

TEST(H1Allocation, idle_wire_is_small) { EXPECT_LE(sizeof(Wire), 1280U); }

}  // namespace
}  // namespace gate::http::h1

// What one server sends on an HTTP/2 connection that carries several calls. However it is cut into pieces, each call
// comes to one end and hears of it once, and what it is given obeys the rules of fields.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/check.h"
#include "http/h2/client_harness_for_test.h"
#include "http/request_rules.h"

namespace {

using namespace gate::http;
using h2::testing::ClientBench;
using testing::TestCall;

void check_fields(const FieldList& fields) {
  for (const Field& field : fields) GATE_CHECK(is_token(field.name) && is_field_value(field.value));
}

void check(TestCall& test, const Limits& limits) {
  GATE_CHECK(test.call.driver() == nullptr);
  GATE_CHECK(test.responses + (test.failure ? 1 : 0) == 1);
  if (test.responses == 0) return;
  GATE_CHECK(test.call.response.status >= 200);
  GATE_CHECK(test.call.response.fields.size() <= limits.header_lines_max);
  check_fields(test.call.response.fields);
  if (const FieldList* trailers = test.call.body().trailers()) check_fields(*trailers);
  test.read();
  GATE_CHECK(test.last == BodyRead::State::kEnd || test.read().empty());
  GATE_CHECK((test.last == BodyRead::State::kFailed) == test.call.failure().has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::uint8_t choice = data[0];
  const std::size_t step = 1 + data[1] * 4U;
  Limits limits;
  limits.header_bytes_max = 2000;
  ClientBench bench(limits);
  testing::FakeBody body(std::string(100'000, 'x'));
  std::array<std::unique_ptr<TestCall>, 4> calls;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    calls[i] = std::make_unique<TestCall>(i == 1 ? "HEAD" : i == 2 ? "POST" : "GET");
    if (i == 2) calls[i]->call.request.body = &body;
    bench.wire->start(calls[i]->call);
  }
  bench.hear();
  for (std::size_t at = 0; at < input.size() && !bench.wire->finished(); at += step) {
    bench.answer(input.substr(at, step));
    if ((choice & 1) != 0) bench.hear();
    if ((choice & 2) != 0 && calls[0]->responses > 0) calls[0]->read();
    if ((choice & 4) != 0 && at > input.size() / 2) calls[3]->call.cancel();
    if ((choice & 8) != 0) bench.pass(std::chrono::seconds(1));
  }
  bench.hear();
  bench.wire->receive_end();
  bench.hear();
  GATE_CHECK(bench.wire->finished() && bench.wire->exchanges() == 0);
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const bool cancelled = i == 3 && (choice & 4) != 0;
    if (!cancelled) check(*calls[i], limits);
  }
  return 0;
}

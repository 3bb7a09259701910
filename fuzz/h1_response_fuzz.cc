// What one server sends on an HTTP/1 connection. However it is cut into pieces, each call comes to the same end, hears
// of it once, and gets nothing of what was sent behind its own response.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "http/h1/client_wire.h"
#include "http/request_rules.h"
#include "http/testing/client_bench.h"

namespace {

using namespace gate::http;
using ClientBench = gate::http::testing::ClientBench<h1::ClientWire>;
using gate::http::testing::TestCall;

// What became of a call, as text.
std::string described(TestCall& test, std::string body) {
  GATE_CHECK(test.responses + (test.failure ? 1 : 0) <= 1);
  GATE_CHECK(!test.call.response.has_body || test.call.response.status >= 101);
  std::string text = std::to_string(test.responses) + " " + std::to_string(test.call.response.status) + " " + body +
                     " " + std::to_string(static_cast<int>(test.last));
  if (test.responses > 0) {
    for (const Field& field : test.call.response.fields) {
      GATE_CHECK(is_token(field.name) && is_field_value(field.value));
      text += "\n" + std::string(field.name) + ":" + std::string(field.value);
    }
  }
  if (test.failure) text += " " + std::string(to_string(test.failure->fault));
  return text;
}

std::string answered(std::string_view input, std::size_t step, std::string_view method, std::string_view upgrade) {
  ClientBench bench;
  bench.limits.header_bytes_max = 2000;
  TestCall test(method);
  test.call.request.upgrade = upgrade;
  bench.wire->start(test.call);
  bench.said();
  std::string body;
  for (std::size_t at = 0; at < input.size(); at += step) {
    if (!bench.wire->finished()) bench.answer(input.substr(at, step));
    if (test.responses > 0) body += test.read();
  }
  if (!bench.wire->finished()) bench.wire->receive_end();
  if (test.responses > 0) body += test.read();
  GATE_CHECK(bench.wire->finished());
  GATE_CHECK(bench.ended == 1);
  GATE_CHECK(test.responses == 1 || test.failure);
  return described(test, std::move(body));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::string_view method = (data[0] & 1) != 0 ? "HEAD" : "GET";
  const std::string_view upgrade = (data[0] & 2) != 0 ? "websocket" : "";
  const std::size_t step = 1 + data[1] % 64U;
  GATE_CHECK(answered(input, step, method, upgrade) == answered(input, input.size() + 1, method, upgrade));
  return 0;
}

// What one program sends on a FastCGI connection. However it is cut into pieces, each call comes to the same end, hears
// of it once, and gets nothing of what was sent behind its own response.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "http/fcgi/client_wire.h"
#include "http/request_rules.h"
#include "http/testing/client_bench.h"

namespace {

using namespace gate::http;
using ClientBench = gate::http::testing::ClientBench<fcgi::ClientWire>;
using gate::http::testing::TestCall;

// What became of a call, as text.
std::string described(TestCall& test, std::string_view body) {
  GATE_CHECK(test.responses + (test.failure ? 1 : 0) == 1);
  std::string text = std::to_string(test.call.response.status) + " " + std::string(body) + " " +
                     std::to_string(static_cast<int>(test.last)) + " " + test.call.response.diagnostics;
  if (test.failure) return text + " " + std::string(to_string(test.failure->fault));
  GATE_CHECK(test.call.response.status >= 200 && test.call.response.status <= 599);
  for (const Field& field : test.call.response.fields) {
    GATE_CHECK(is_token(field.name) && is_field_value(field.value));
    text += "\n" + std::string(field.name) + ":" + std::string(field.value);
  }
  return text;
}

std::string answered(std::string_view input, std::size_t step, std::string_view method) {
  ClientBench bench;
  bench.limits.header_bytes_max = 2000;
  bench.limits.discarded_body_bytes_max = 1000;
  TestCall test(method);
  FieldList parameters(test.call.arena());
  test.call.request.parameters = &parameters;
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
  GATE_CHECK(bench.ended >= 1 && bench.ended <= 2);  // twice where the program ended behind its response
  return described(test, body);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::string_view method = (data[0] & 1) != 0 ? "HEAD" : "GET";
  const std::size_t step = 1 + data[1] % 64U;
  GATE_CHECK(answered(input, step, method) == answered(input, input.size() + 1, method));
  return 0;
}

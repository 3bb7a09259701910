// What one client sends on an HTTP/1 connection. However it is cut into pieces, the parser finds the same head and the
// wire gives the same answers; each exchange ends once; nothing the client sends can make two responses of one.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/check.h"
#include "http/h1/harness_for_test.h"
#include "http/h1/parser.h"
#include "http/h1/wire.h"
#include "http/upgrade.h"

namespace {

using namespace gate::http;
using Pieces = std::vector<std::string_view>;

// Cuts the input by a generator that the first byte seeds: single bytes, short pieces, long ones.
Pieces cut(std::string_view input, std::uint8_t seed) {
  Pieces pieces;
  std::uint32_t state = seed;
  while (!input.empty()) {
    state = state * 1664525U + 1013904223U;
    const std::size_t wanted = seed == 0 ? 1 : 1 + (state >> 24) % (seed < 128 ? 8U : 64U);
    const auto piece = input.substr(0, std::min(wanted, input.size()));
    pieces.push_back(piece);
    input.remove_prefix(piece.size());
  }
  return pieces;
}

// All that a head says, as text.
std::string described(h1::HeadParser& parser, h1::Progress progress, std::string_view input, gate::base::Arena& arena) {
  if (progress == h1::Progress::kNeedMore) return "more";
  if (progress == h1::Progress::kFault) return "fault " + std::to_string(static_cast<int>(parser.fault()));
  Request request(arena);
  parser.fill(input, request);
  std::string text = std::to_string(parser.size()) + " " + std::string(request.method_text) + " " +
                     std::string(request.target) + " " + std::string(to_string(request.version));
  for (const Field& field : request.fields) {
    GATE_CHECK(is_token(field.name) && is_field_value(field.value));
    text += "\n" + std::string(field.name) + ":" + std::string(field.value);
  }
  return text;
}

std::string parsed(std::string_view input, const Pieces& pieces, const Limits& limits) {
  gate::base::BlockPool blocks;
  gate::base::Arena arena(blocks);
  h1::HeadParser parser(arena, limits);
  auto progress = h1::Progress::kNeedMore;
  std::size_t size = 0;
  for (const auto piece : pieces) {
    size += piece.size();
    progress = parser.parse(input.substr(0, size));
    if (progress != h1::Progress::kNeedMore) break;
  }
  return described(parser, progress, input.substr(0, size), arena);
}

// Without the interim responses, which depend on what had arrived when the body was asked for.
std::string without_continue(std::string text) {
  constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  for (auto at = text.find(kContinue); at != std::string::npos; at = text.find(kContinue, at))
    text.erase(at, kContinue.size());
  return text;
}

std::string answered(const Pieces& pieces, const Limits& limits) {
  h1::testing::Bench bench(limits);
  bench.handle = bench.collect();
  for (const auto piece : pieces) bench.send(piece);
  bench.send_end();
  GATE_CHECK(bench.wire->finished());
  GATE_CHECK(bench.wire->exchanges() == 0);
  GATE_CHECK(bench.dispatched <= bench.ended.size() && bench.ended.size() <= bench.dispatched + 1);
  return without_continue(bench.take_output());
}

// A service that answers at once and leaves bodies unread: the other way through the wire.
void answer_at_once(const Pieces& pieces, const Limits& limits) {
  h1::testing::Bench bench(limits);
  for (const auto piece : pieces) bench.send(piece);
  bench.send_end();
  GATE_CHECK(bench.wire->finished());
  GATE_CHECK(bench.wire->exchanges() == 0);
}

// A service whose response is the request, as it comes; in the client's protocol if it asks for one.
void echo(const Pieces& pieces, const Limits& limits) {
  h1::testing::Bench bench(limits);
  bench.handle = [](Exchange& exchange) {
    exchange.response.body = exchange.make_body<h1::testing::EchoBody>(exchange.request_body());
    if (const std::string_view protocol = upgrade_of(exchange.request); !protocol.empty()) {
      exchange.response.status = 101;
      exchange.response.fields.add(FieldId::kUpgrade, protocol);
      exchange.response.tunnel = true;
    }
    exchange.respond();
  };
  for (const auto piece : pieces) bench.send(piece);
  bench.send_end();
  GATE_CHECK(bench.wire->exchanges() == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::uint8_t seed = data[0];
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  // Small bounds, so that short inputs reach them.
  const Limits limits{.target_bytes_max = 64,
                      .header_bytes_max = 512,
                      .header_lines_max = 8,
                      .body_bytes_max = 256,
                      .chunk_extension_bytes_max = 16,
                      .discarded_body_bytes_max = 64};
  const Pieces pieces = cut(input, seed);
  GATE_CHECK(parsed(input, {input}, limits) == parsed(input, pieces, limits));
  GATE_CHECK(answered({input}, limits) == answered(pieces, limits));
  answer_at_once(pieces, limits);
  echo(pieces, limits);
  return 0;
}

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/check.h"
#include "base/text.h"
#include "http/range.h"

namespace {

bool overlap(const gate::http::ByteRange& a, const gate::http::ByteRange& b) {
  return a.first <= b.last && b.first <= a.last;
}

}  // namespace

// The length comes first, then the field. Ranges lie inside the representation, and no byte is in two of them.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using gate::http::RangeSet;
  gate::base::ByteReader reader(std::as_bytes(std::span(data, size)));
  const auto length = reader.u64();
  if (!length) return 0;
  const auto set = RangeSet::select(gate::base::as_text(reader.rest()), *length);
  GATE_CHECK((set.kind() == RangeSet::Kind::kParts) == !set.ranges().empty());
  for (std::size_t i = 0; i < set.ranges().size(); ++i) {
    const auto& range = set.ranges()[i];
    GATE_CHECK(range.first <= range.last && range.last < *length);
    for (std::size_t j = 0; j < i; ++j) GATE_CHECK(!overlap(range, set.ranges()[j]));
  }
  return 0;
}

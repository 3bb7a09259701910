#include "http/range.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "base/text.h"

namespace gate::http {
namespace {

// RFC 9110 14.1.1 gives positions no upper bound: what does not fit lies behind any representation.
std::optional<std::uint64_t> parse_position(std::string_view digits) {
  if (digits.empty() || !std::ranges::all_of(digits, base::is_digit)) return std::nullopt;
  return base::parse_number<std::uint64_t>(digits).value_or(std::numeric_limits<std::uint64_t>::max());
}

struct RangeSpec {
  bool valid = false;
  bool satisfiable = false;
  ByteRange range{};
};

// "-500": the last 500 bytes.
RangeSpec read_suffix(std::string_view digits, std::uint64_t length) {
  const auto wanted = parse_position(digits);
  if (!wanted) return {};
  if (*wanted == 0 || length == 0) return {.valid = true};
  return {.valid = true, .satisfiable = true, .range = {length - std::min(*wanted, length), length - 1}};
}

RangeSpec read_spec(std::string_view spec, std::uint64_t length) {
  const auto dash = spec.find('-');
  if (dash == std::string_view::npos) return {};
  if (dash == 0) return read_suffix(spec.substr(1), length);
  const auto first = parse_position(spec.substr(0, dash));
  const auto last_digits = spec.substr(dash + 1);
  const auto last = last_digits.empty() ? std::numeric_limits<std::uint64_t>::max() : parse_position(last_digits);
  // RFC 9110 14.1.1: "An int-range is invalid if the last-pos value is present and less than first-pos."
  if (!first || !last || *last < *first) return {};
  if (*first >= length) return {.valid = true};
  return {.valid = true, .satisfiable = true, .range = {*first, std::min(*last, length - 1)}};
}

bool nearly_touch(const ByteRange& a, const ByteRange& b) {
  const auto& low = a.first <= b.first ? a : b;
  const auto& high = a.first <= b.first ? b : a;
  return high.first <= low.last || high.first - low.last - 1 <= RangeSet::kGapMax;
}

}  // namespace

RangeSet RangeSet::select(std::string_view field, std::uint64_t length) {
  const RangeSet whole;
  auto rest = field;
  const auto unit = base::split_off(rest, '=');
  // RFC 9110 14.2: "An origin server MUST ignore a Range header field that contains a range unit it does not
  // understand."
  if (!base::equals_ignoring_case(unit, "bytes") || rest.empty()) return whole;
  // An empty representation has no byte that a Content-Range could name.
  if (length == 0) return whole;

  RangeSet set;
  std::size_t specs = 0;
  while (!rest.empty()) {
    const auto text = base::trimmed(base::split_off(rest, ','));
    if (text.empty()) continue;
    const auto spec = read_spec(text, length);
    if (!spec.valid || ++specs > kRangesMax) return whole;
    if (spec.satisfiable) set.add(spec.range);
  }
  if (specs == 0) return whole;
  set.kind_ = set.count_ == 0 ? Kind::kUnsatisfiable : Kind::kParts;
  return set;
}

// RFC 9110 15.3.7.2: "A server MAY combine requested ranges when those ranges are overlapping". What touches the new
// range is drawn into it, and it takes the place of the first of them.
void RangeSet::add(ByteRange range) {
  std::size_t place = count_;
  for (std::size_t i = 0; i < count_;) {
    if (!nearly_touch(ranges_[i], range)) {
      ++i;
      continue;
    }
    range = {std::min(range.first, ranges_[i].first), std::max(range.last, ranges_[i].last)};
    place = std::min(place, i);
    std::shift_left(ranges_.begin() + i, ranges_.begin() + count_, 1);
    --count_;
    i = 0;  // the grown range may touch one that was passed
  }
  place = std::min(place, count_);
  std::shift_right(ranges_.begin() + place, ranges_.begin() + count_ + 1, 1);
  ranges_[place] = range;
  ++count_;
}

}  // namespace gate::http

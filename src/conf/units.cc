#include "conf/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <span>

#include "base/text.h"

namespace gate::conf {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::uint64_t kMsOfDay = std::uint64_t{24} * 3600 * 1000;
constexpr Unit kDurationUnits[] = {{"ms", 1},       {"s", 1000},         {"m", 60'000},        {"h", 3'600'000},
                                   {"d", kMsOfDay}, {"w", 7 * kMsOfDay}, {"y", 365 * kMsOfDay}};

// IEC 80000-13: KB counts in thousands, KiB in 1024.
constexpr Unit kSizeUnits[] = {{"B", 1},
                               {"KB", 1'000},
                               {"KiB", std::uint64_t{1} << 10},
                               {"MB", 1'000'000},
                               {"MiB", std::uint64_t{1} << 20},
                               {"GB", 1'000'000'000},
                               {"GiB", std::uint64_t{1} << 30},
                               {"TB", 1'000'000'000'000},
                               {"TiB", std::uint64_t{1} << 40}};

struct Quantity {
  std::string_view number;
  std::string_view unit;
};

Quantity cut(std::string_view text) {
  const auto digits = static_cast<std::size_t>(std::ranges::find_if_not(text, base::is_digit) - text.begin());
  return {text.substr(0, digits), text.substr(digits)};
}

std::optional<std::uint64_t> parse_quantity(std::string_view text, std::span<const Unit> units) {
  const Quantity quantity = cut(text);
  const auto number = base::parse_number<std::uint64_t>(quantity.number);
  const auto unit = std::ranges::find(units, quantity.unit, &Unit::name);
  if (!number || unit == units.end()) return std::nullopt;
  // Within a signed 64-bit count of either.
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (*number > kMax / unit->factor) return std::nullopt;
  return *number * unit->factor;
}

// A unit that differs by case, or that only lacks its `suffix`.
std::string suggest(std::string_view text, std::span<const Unit> units, std::string_view suffix) {
  const Quantity quantity = cut(text);
  if (quantity.number.empty() || quantity.number.size() > 18) return {};
  const std::string longer = fmt::format("{}{}", quantity.unit, suffix);
  for (const auto& unit : units) {
    // Already right: then the number is what does not fit.
    if (unit.name == quantity.unit) return {};
    const bool near =
        base::equals_ignoring_case(unit.name, quantity.unit) || base::equals_ignoring_case(unit.name, longer);
    if (near) return fmt::format("{}{}", quantity.number, unit.name);
  }
  return {};
}

std::string in_largest_unit(std::uint64_t value, std::span<const Unit> units) {
  const Unit* best = &units.front();
  for (const auto& unit : units) {
    if (value != 0 && value % unit.factor == 0 && unit.factor > best->factor) best = &unit;
  }
  return fmt::format("{}{}", value / best->factor, best->name);
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const auto value = parse_quantity(text, kDurationUnits);
  if (!value) return std::nullopt;
  return std::chrono::milliseconds(static_cast<std::int64_t>(*value));
}

std::optional<std::uint64_t> parse_size(std::string_view text) { return parse_quantity(text, kSizeUnits); }

std::string suggest_duration(std::string_view text) { return suggest(text, kDurationUnits, "s"); }
std::string suggest_size(std::string_view text) { return suggest(text, kSizeUnits, "B"); }

std::string duration_text(std::chrono::milliseconds duration) {
  return in_largest_unit(static_cast<std::uint64_t>(duration.count()), kDurationUnits);
}

std::string size_text(std::uint64_t bytes) { return in_largest_unit(bytes, kSizeUnits); }

}  // namespace gate::conf

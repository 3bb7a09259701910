#include "http/path_index.h"

#include <algorithm>
#include <tuple>

namespace gate::http {
namespace {

// Up to so many it is cheaper to ask each: a request of a small site costs 5 % fewer instructions.
constexpr std::size_t kAskedEach = 8;

struct Entry {
  std::string_view text;
  bool more;
  std::uint32_t place;

  auto key() const { return std::tuple(text, more, place); }
};

// The patterns of a matcher one of which has to fit the path; none when it may fit whatever the path.
std::span<const Glob> patterns_of(const Matcher& matcher) {
  const PathIs* test = matcher.required_path();
  if (!test || std::ranges::any_of(test->patterns, [](const Glob& each) { return each.beginning().empty(); }))
    return {};
  return test->patterns;
}

std::uint32_t first_from(std::span<const std::uint32_t> places, std::size_t place, std::uint32_t otherwise) {
  const auto found = std::ranges::lower_bound(places, place);
  return found == places.end() ? otherwise : std::min(*found, otherwise);
}

}  // namespace

PathIndex::PathIndex(std::span<const Matcher* const> matchers) : any_path_from_(matchers.size() + 1) {
  std::vector<Entry> entries;
  auto any_path = static_cast<std::uint32_t>(matchers.size());
  any_path_from_.back() = any_path;
  for (std::uint32_t place = any_path; place-- > 0;) {
    const auto patterns = matchers.size() > kAskedEach ? patterns_of(*matchers[place]) : std::span<const Glob>();
    if (patterns.empty()) any_path = place;
    any_path_from_[place] = any_path;
    for (const Glob& each : patterns) entries.push_back({each.beginning(), !each.is_literal(), place});
  }
  std::ranges::sort(entries, {}, &Entry::key);

  places_.reserve(entries.size());
  for (const Entry& entry : entries) places_.push_back(entry.place);
  const auto places_between = [&](auto from, auto to) {
    return Places(places_).subspan(static_cast<std::size_t>(from - entries.begin()),
                                   static_cast<std::size_t>(to - from));
  };
  for (auto at = entries.begin(); at != entries.end();) {
    const auto end = std::find_if(at, entries.end(), [at](const Entry& each) { return each.text != at->text; });
    const auto more = std::find_if(at, end, [](const Entry& each) { return each.more; });
    beginnings_.push_back({.text = at->text, .alone = places_between(at, more), .more = places_between(more, end)});
    at = end;
  }
  // What a text begins with stands before it, and is the one before it or one of those that this one begins with.
  for (std::size_t i = 1; i < beginnings_.size(); ++i) {
    const Beginning* shorter = &beginnings_[i - 1];
    while (shorter && !beginnings_[i].text.starts_with(shorter->text)) shorter = shorter->shorter;
    beginnings_[i].shorter = shorter;
  }
}

// The longest beginning of the path.
const PathIndex::Beginning* PathIndex::longest_of(std::string_view path) const {
  const auto behind = std::ranges::upper_bound(beginnings_, path, {}, &Beginning::text);
  const Beginning* longest = behind == beginnings_.begin() ? nullptr : &*std::prev(behind);
  while (longest && !path.starts_with(longest->text)) longest = longest->shorter;
  return longest;
}

std::size_t PathIndex::Candidates::next_of_all(std::size_t place) const {
  std::uint32_t next = index_.any_path_from_[place];
  for (const Beginning* each = longest_; each; each = each->shorter) {
    next = first_from(each->more, place, next);
    if (each->text.size() == path_length_) next = first_from(each->alone, place, next);
  }
  return next;
}

}  // namespace gate::http

#include "http/multiplex/abuse.h"

#include <algorithm>
#include <chrono>

namespace gate::http::multiplex {
namespace {

constexpr std::uint32_t kUnit = 1000;

struct Bucket {
  Abuse kind;
  std::string_view name;
  std::uint32_t size;        // occurrences at once
  std::uint32_t per_second;  // occurrences that go on for ever
};

// In the order of Abuse. A browser that leaves a page cancels all of its streams (100 to 128) at once, perhaps twice in
// a row; a careful client sends two WINDOW_UPDATEs for each DATA frame, which the sender forgives.
constexpr std::array<Bucket, kAbuseKinds> kBuckets{{
    {Abuse::kReset, "rapid reset", 400, 40},
    {Abuse::kCausedReset, "resets caused by client errors", 200, 10},
    {Abuse::kPing, "ping flood", 200, 20},
    {Abuse::kSettings, "settings flood", 50, 2},
    {Abuse::kPriority, "priority flood", 1000, 100},
    {Abuse::kEmptyFrame, "empty frames flood", 100, 10},
    {Abuse::kUnknownFrame, "flood of unknown frames", 200, 20},
    {Abuse::kWindowUpdate, "window update flood", 2000, 200},
    {Abuse::kTinyWindow, "data dribble through tiny windows", 300, 20},
    {Abuse::kStrayFrame, "flood of frames on closed streams", 1000, 100},
    {Abuse::kControlBytes, "flood on control streams", 4096, 512},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kBuckets.size(); ++i) {
    if (static_cast<std::size_t>(kBuckets[i].kind) != i) return false;
  }
  return true;
}
static_assert(in_order());

const Bucket& bucket_of(Abuse kind) { return kBuckets[static_cast<std::size_t>(kind)]; }

}  // namespace

std::string_view to_string(Abuse kind) { return bucket_of(kind).name; }

bool AbuseMeter::tolerates(Abuse kind, base::Instant now, std::size_t occurrences) {
  drain(now);
  auto& level = levels_[static_cast<std::size_t>(kind)];
  const std::uint32_t room = bucket_of(kind).size * kUnit - level;
  if (occurrences > room / kUnit) return false;
  level += static_cast<std::uint32_t>(occurrences) * kUnit;
  return true;
}

void AbuseMeter::forgive(Abuse kind, std::uint32_t count) {
  auto& level = levels_[static_cast<std::size_t>(kind)];
  level -= std::min(level, count * kUnit);
}

void AbuseMeter::drain(base::Instant now) {
  // A bucket that has leaked for this long is empty whatever its size; and 32 bits cannot overflow below.
  constexpr std::chrono::milliseconds kLongest{60'000};
  const auto passed = std::min(std::chrono::floor<std::chrono::milliseconds>(now - drained_at_), kLongest);
  if (passed.count() <= 0) return;
  drained_at_ = passed == kLongest ? now : drained_at_ + passed;
  for (const Bucket& bucket : kBuckets) {
    auto& level = levels_[static_cast<std::size_t>(bucket.kind)];
    level -= std::min(level, bucket.per_second * static_cast<std::uint32_t>(passed.count()));  // per ms: thousandths
  }
}

}  // namespace gate::http::multiplex

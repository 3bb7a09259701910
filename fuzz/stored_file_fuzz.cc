#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/clock.h"
#include "feature/cache/rules.h"
#include "feature/cache/stored_file.h"

// A file of a cache's folder, which may hold anything. What is read of it is a response that could be kept.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gate;
  const base::SystemClock clock;
  const std::string_view file(reinterpret_cast<const char*>(data), size);

  const auto head = cache::decode_stored_head(file, clock);
  GATE_CHECK(!head || (cache::is_keepable(head->status) && !head->key.empty()));
  if (head) GATE_CHECK(head->freshness.age(clock.now()) >= head->freshness.initial_age);

  const auto response = cache::decode_stored(file, clock);
  if (!response) return 0;
  GATE_CHECK(head.has_value());
  const auto again = cache::encode_stored(*response, clock);
  GATE_CHECK(!again || cache::decode_stored(*again, clock).has_value());
  return 0;
}

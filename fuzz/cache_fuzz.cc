#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/arena.h"
#include "base/check.h"
#include "base/text.h"
#include "feature/cache/rules.h"
#include "http/message.h"

// What a server says of how long its response may be kept: one field a line, "name: value". Whatever it says, nothing
// is kept that says no-store, and no time is out of its bounds.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gate;
  using std::chrono::seconds;
  std::string_view text(reinterpret_cast<const char*>(data), size);

  base::BlockPool blocks;
  base::Arena arena(blocks);
  const http::Request request(arena);
  http::Response response(arena);
  while (!text.empty()) {
    std::string_view value = base::split_off(text, '\n');
    const auto name = arena.copy(base::lowered(base::split_off(value, ':')));
    response.fields.add(name, base::trimmed(value));
  }

  const auto control = cache::read_cache_control(response.fields);
  for (const auto time : {control.max_age, control.s_maxage, control.stale_if_error, control.stale_while_revalidate}) {
    GATE_CHECK(!time || (*time >= seconds{0} && *time <= cache::CacheControl::kLongest));
  }
  const base::Instant asked{seconds{1000}};
  const cache::Moments moments{
      .asked = asked, .received = asked + seconds{1}, .wall = std::chrono::sys_seconds{seconds{1'800'000'000}}};
  const auto head = cache::storable_head(request, response, {}, moments);
  if (!head) return 0;
  GATE_CHECK(!control.no_store && !control.is_private);
  GATE_CHECK(head->freshness.lifetime >= seconds{0} && head->freshness.initial_age >= seconds{0});
  const auto refreshed = cache::refreshed_head(*head, request, response, {}, moments);
  GATE_CHECK(!refreshed || refreshed->status == head->status);
  return 0;
}

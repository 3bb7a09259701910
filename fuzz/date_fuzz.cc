#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "http/date.h"

// Whatever is read as a date can be written, and what was written is read as the same date.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gate::http;
  const std::chrono::sys_seconds now = std::chrono::sys_days(std::chrono::year{2026} / 7 / 1);
  const auto date = parse_http_date({reinterpret_cast<const char*>(data), size}, now);
  if (!date) return 0;
  const auto text = format_http_date(*date);
  // The last second of the year 9999 has a leap second behind it that four digits cannot write.
  const auto again = parse_http_date({text.data(), text.size()}, now);
  GATE_CHECK(again && (*again == *date || *again + std::chrono::seconds{1} == *date));
  return 0;
}

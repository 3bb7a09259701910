#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

#include "acme/messages.h"
#include "base/check.h"
#include "base/text.h"

// Whatever an authority says is read without harm, by all that reads its messages; and what is asked to be waited for
// is never in the past, nor far away.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gate;
  const auto text = base::as_text(std::as_bytes(std::span(data, size)));
  static_cast<void>(acme::Directory::parse(text));
  static_cast<void>(acme::AccountState::parse(text));
  static_cast<void>(acme::Order::parse(text));
  static_cast<void>(acme::Authorization::parse(text));
  if (const auto info = acme::RenewalInfo::parse(text)) GATE_CHECK(info->start < info->end);
  if (const auto problem = acme::Problem::parse(text)) {
    for (const char c : problem->to_string()) GATE_CHECK(c != '\n' && c != '\x1b');
  }
  const base::WallTime now{std::chrono::hours(24 * 365 * 50)};
  if (const auto later = acme::parse_retry_after(text, now)) {
    GATE_CHECK(*later >= now && *later <= now + std::chrono::days(7));
  }
  return 0;
}

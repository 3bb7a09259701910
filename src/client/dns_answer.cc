#include "client/dns_answer.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace gate::client {
namespace {

// Reads a message from its front; what lies behind its end reads as nothing, and is remembered.
class MessageReader {
 public:
  explicit MessageReader(base::ByteView message) : rest_(message) {}

  bool cut() const { return cut_; }

  std::uint32_t number(std::size_t bytes) {
    std::uint32_t value = 0;
    for (const std::byte byte : take(bytes)) value = value << 8U | std::to_integer<std::uint32_t>(byte);
    return value;
  }

  base::ByteView take(std::size_t count) {
    cut_ |= count > rest_.size();
    const auto taken = rest_.first(std::min(count, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }

  // RFC 1035 4.1.4: labels up to an empty one or a pointer, which is two bytes and the end.
  void skip_name() {
    constexpr std::uint32_t kPointer = 0xc0;
    while (!cut_) {
      const std::uint32_t length = number(1);
      if (length == 0) return;
      take(length >= kPointer ? 1 : length);
      if (length >= kPointer) return;
    }
  }

 private:
  base::ByteView rest_;
  bool cut_ = false;
};

}  // namespace

std::optional<std::chrono::seconds> least_ttl(base::ByteView message) {
  constexpr std::uint32_t kTtlMax = 0x7fff'ffff;
  MessageReader reader(message);
  reader.take(4);  // id and flags
  const std::uint32_t questions = reader.number(2);
  const std::uint32_t answers = reader.number(2);
  reader.take(4);  // the counts of the other sections
  for (std::uint32_t i = 0; i < questions && !reader.cut(); ++i) {
    reader.skip_name();
    reader.take(4);  // type and class
  }
  std::optional<std::chrono::seconds> least;
  for (std::uint32_t i = 0; i < answers && !reader.cut(); ++i) {
    reader.skip_name();
    reader.take(4);
    const std::uint32_t ttl = reader.number(4);
    reader.take(reader.number(2));
    const std::chrono::seconds life(ttl > kTtlMax ? 0 : ttl);
    least = std::min(least.value_or(life), life);
  }
  return reader.cut() ? std::nullopt : least;
}

}  // namespace gate::client

#include "http/arena_text.h"

#include "base/bytes.h"
#include "base/text.h"

namespace gate::http {

std::string_view join(base::Arena& arena, std::span<const std::string_view> pieces) {
  std::size_t size = 0;
  for (const std::string_view piece : pieces) size += piece.size();
  const auto memory = arena.allocate(size);
  std::size_t at = 0;
  for (const std::string_view piece : pieces) {
    base::copy_bytes(memory.subspan(at), base::as_bytes(piece));
    at += piece.size();
  }
  return base::as_text(memory);
}

std::string_view request_id_text(base::Arena& arena, std::uint64_t id) {
  const auto digits = arena.make_array<char>(kRequestIdDigits);
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, id >>= 4) *digit = "0123456789abcdef"[id & 0xf];
  return {digits.data(), digits.size()};
}

std::string_view status_text(base::Arena& arena, std::uint16_t status) {
  const auto digits = arena.make_array<char>(3);
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, status /= 10) {
    *digit = static_cast<char>('0' + status % 10);
  }
  return {digits.data(), digits.size()};
}

}  // namespace gate::http

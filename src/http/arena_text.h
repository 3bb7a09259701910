#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "base/arena.h"

namespace gate::http {

// The pieces one behind the other. Lives as long as the arena.
std::string_view join(base::Arena& arena, std::span<const std::string_view> pieces);
inline std::string_view join(base::Arena& arena, std::initializer_list<std::string_view> pieces) {
  return join(arena, std::span(pieces.begin(), pieces.size()));
}

// A request id as pages and logs show it: 16 hexadecimal digits.
inline constexpr std::size_t kRequestIdDigits = 16;
std::string_view request_id_text(base::Arena& arena, std::uint64_t id);

// A status as digits.
std::string_view status_text(base::Arena& arena, std::uint16_t status);

}  // namespace gate::http

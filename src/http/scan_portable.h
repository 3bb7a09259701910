#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>

#include "http/characters.h"

namespace gate::http {
namespace portable {

inline std::size_t prefix(const CharacterClass& members, std::string_view text, std::size_t from = 0) {
  while (from < text.size() && is_in(members, text[from])) ++from;
  return from;
}

inline std::size_t token_prefix(std::string_view text) { return prefix(kTokenCharacters, text); }
inline std::size_t value_prefix(std::string_view text) { return prefix(kValueCharacters, text); }
inline std::size_t visible_prefix(std::string_view text) { return prefix(kVisibleCharacters, text); }
inline void lower_in_place(std::span<char> text) { std::ranges::transform(text, text.begin(), base::to_lower); }

}  // namespace portable

#if !defined(__SSE2__)
using portable::lower_in_place;
using portable::token_prefix;
using portable::value_prefix;
using portable::visible_prefix;
#endif

}  // namespace gate::http

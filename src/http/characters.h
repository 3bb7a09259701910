#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "base/text.h"

// The character classes of HTTP as tables, one look-up a character.
namespace gate::http {

using CharacterClass = std::array<bool, 256>;

template <class Contains>
constexpr CharacterClass make_class(Contains contains) {
  CharacterClass members{};
  for (std::size_t i = 0; i < members.size(); ++i) members[i] = contains(static_cast<char>(i));
  return members;
}

constexpr bool is_in(const CharacterClass& members, char c) { return members[static_cast<unsigned char>(c)]; }

// RFC 9110 5.6.2: tchar.
inline constexpr CharacterClass kTokenCharacters = make_class([](char c) {
  return base::is_alpha(c) || base::is_digit(c) || (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").contains(c));
});

// RFC 9110 5.5: field-vchar and the blanks between them; obs-text is opaque data.
inline constexpr CharacterClass kValueCharacters = make_class([](char c) {
  const auto byte = static_cast<unsigned char>(c);
  return c == '\t' || (byte >= 0x20 && byte != 0x7f);
});

// RFC 5234 B.1: VCHAR, what a request target is made of at the least.
inline constexpr CharacterClass kVisibleCharacters = make_class([](char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte > 0x20 && byte < 0x7f;
});

}  // namespace gate::http

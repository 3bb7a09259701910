#pragma once

#include <emmintrin.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <span>
#include <string_view>

#include "http/scan_portable.h"

// SSE2 is part of every x86-64, so nothing is chosen at run time: an indirect call for each of the twenty scans of a
// request costs more than wider registers save.
namespace gate::http {
namespace sse2 {

inline constexpr std::size_t kWidth = sizeof(__m128i);

inline __m128i load(const char* from) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from)); }
inline __m128i all(int value) { return _mm_set1_epi8(static_cast<char>(value)); }

// Unsigned a <= limit, which SSE2 has no instruction for.
inline __m128i at_most(__m128i a, int limit) { return _mm_cmpeq_epi8(_mm_min_epu8(a, all(limit)), a); }

inline __m128i letters(__m128i text) { return at_most(_mm_sub_epi8(_mm_or_si128(text, all(0x20)), all('a')), 25); }

// Letters, digits and the dash: what names are made of. The other token characters are left to the table.
inline __m128i common_token(__m128i text) {
  const __m128i digits = at_most(_mm_sub_epi8(text, all('0')), 9);
  return _mm_or_si128(_mm_or_si128(letters(text), digits), _mm_cmpeq_epi8(text, all('-')));
}

inline __m128i outside_value(__m128i text) {
  const __m128i controls = _mm_andnot_si128(_mm_cmpeq_epi8(text, all('\t')), at_most(text, 0x1f));
  return _mm_or_si128(controls, _mm_cmpeq_epi8(text, all(0x7f)));
}

// 0x21 to 0x7e become 0x00 to 0x5d.
inline __m128i visible(__m128i text) { return at_most(_mm_sub_epi8(text, all(0x21)), 0x5d); }

template <std::size_t kCount>
void lower(char* text) {
  std::array<char, kWidth> block{};
  std::copy_n(text, kCount, block.begin());
  const __m128i mixed = load(block.data());
  const __m128i lowered = _mm_or_si128(mixed, _mm_and_si128(letters(mixed), all(0x20)));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(block.data()), lowered);
  std::copy_n(block.begin(), kCount, text);
}

inline unsigned bits(__m128i bytes) { return static_cast<unsigned>(_mm_movemask_epi8(bytes)); }
inline constexpr unsigned kAllBits = 0xffff;

// `outside(block)` has a bit for each character that does not belong.
template <class Outside>
[[gnu::always_inline]] inline std::size_t prefix(const CharacterClass& members, std::string_view text,
                                                 Outside outside) {
  std::size_t at = 0;
  for (; text.size() - at >= kWidth; at += kWidth) {
    if (const unsigned found = outside(load(text.data() + at)))
      return at + static_cast<std::size_t>(std::countr_zero(found));
  }
  return portable::prefix(members, text, at);
}

}  // namespace sse2

inline std::size_t token_prefix(std::string_view text) {
  std::size_t at = 0;
  while (text.size() - at >= sse2::kWidth) {
    const unsigned rare = ~sse2::bits(sse2::common_token(sse2::load(text.data() + at))) & sse2::kAllBits;
    if (rare == 0) {
      at += sse2::kWidth;
      continue;
    }
    at += static_cast<std::size_t>(std::countr_zero(rare));
    if (!is_in(kTokenCharacters, text[at])) return at;
    ++at;
  }
  return portable::prefix(kTokenCharacters, text, at);
}

inline std::size_t value_prefix(std::string_view text) {
  return sse2::prefix(kValueCharacters, text, [](__m128i block) { return sse2::bits(sse2::outside_value(block)); });
}

inline std::size_t visible_prefix(std::string_view text) {
  return sse2::prefix(kVisibleCharacters, text,
                      [](__m128i block) { return ~sse2::bits(sse2::visible(block)) & sse2::kAllBits; });
}

// Sixteen, eight or four at a time; the last step goes back to overlap what is lower-case already, not on to what is
// behind the text.
inline void lower_in_place(std::span<char> text) {
  const std::size_t size = text.size();
  if (size < 4) return portable::lower_in_place(text);
  if (size < 8) {
    sse2::lower<4>(text.data());
    return sse2::lower<4>(text.data() + size - 4);
  }
  if (size < sse2::kWidth) {
    sse2::lower<8>(text.data());
    return sse2::lower<8>(text.data() + size - 8);
  }
  for (std::size_t at = 0; at + sse2::kWidth < size; at += sse2::kWidth) sse2::lower<sse2::kWidth>(text.data() + at);
  sse2::lower<sse2::kWidth>(text.data() + size - sse2::kWidth);
}

}  // namespace gate::http

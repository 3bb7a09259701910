#include "conf/text_check.h"

#include <algorithm>
#include <cstdint>

namespace gate::conf {
namespace {

std::uint8_t byte_at(std::string_view text, std::size_t i) { return static_cast<std::uint8_t>(text[i]); }

std::optional<std::string_view> bad_ascii(std::string_view text, std::size_t i) {
  const char c = text[i];
  if (c == '\0') return "a NUL byte";
  if (c == '\r' && (i + 1 == text.size() || text[i + 1] != '\n')) return "a carriage return without a line feed";
  const bool control = byte_at(text, i) < 0x20 || c == '\x7f';
  if (control && c != '\t' && c != '\n' && c != '\r') return "a control character";
  return std::nullopt;
}

// U+0080 to U+009F; U+202A to U+202E and U+2066 to U+2069; U+FEFF.
std::optional<std::string_view> bad_sequence(std::string_view sequence) {
  if (sequence[0] == '\xc2' && byte_at(sequence, 1) < 0xa0) return "a control character";
  const bool embedding =
      sequence.starts_with("\xe2\x80") && byte_at(sequence, 2) >= 0xaa && byte_at(sequence, 2) <= 0xae;
  const bool isolate = sequence.starts_with("\xe2\x81") && byte_at(sequence, 2) >= 0xa6 && byte_at(sequence, 2) <= 0xa9;
  if (embedding || isolate) return "an invisible character that changes the direction of the text";
  if (sequence == "\xef\xbb\xbf") return "an invisible byte order mark";
  return std::nullopt;
}

}  // namespace

std::size_t utf8_length(std::string_view text) {
  if (text.empty()) return 0;
  const std::uint8_t first = byte_at(text, 0);
  if (first < 0x80) return 1;
  const std::size_t length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (length == 0 || text.size() < length) return 0;
  const auto tail = text.substr(1, length - 1);
  if (!std::all_of(tail.begin(), tail.end(), is_utf8_continuation)) return 0;
  // RFC 3629 4: no overlong forms, no surrogates, nothing above U+10FFFF.
  const std::uint8_t second = byte_at(text, 1);
  const bool outside = (first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
                       (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f);
  return outside ? 0 : length;
}

std::optional<BadText> find_bad_text(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    if (byte_at(text, i) >= 0x20 && byte_at(text, i) < 0x7f) {
      ++i;
      continue;
    }
    const std::size_t length = utf8_length(text.substr(i));
    if (length == 0) return BadText{i, "a byte that is not UTF-8", "save the file as UTF-8 text"};
    const auto bad = length == 1 ? bad_ascii(text, i) : bad_sequence(text.substr(i, length));
    if (bad) return BadText{.offset = i, .what = *bad};
    i += length;
  }
  return std::nullopt;
}

}  // namespace gate::conf

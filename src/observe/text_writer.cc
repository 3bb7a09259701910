#include "observe/text_writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/bytes.h"
#include "base/text.h"

namespace gate::observe {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";
constexpr std::string_view kReplacement = "\\ufffd";
constexpr std::string_view kCut = "\xe2\x80\xa6";  // "…"
constexpr std::size_t kEscapeMax = 6;              // the longest a code point gets

constexpr std::array<bool, 256> plain_bytes() {
  std::array<bool, 256> plain{};
  for (std::size_t c = 0x20; c < 0x7f; ++c) plain[c] = c != '"' && c != '\\';
  return plain;
}
constexpr std::array<bool, 256> kPlain = plain_bytes();

std::size_t plain_prefix(std::string_view text) {
  const auto special = std::ranges::find_if(text, [](char c) { return !kPlain[static_cast<unsigned char>(c)]; });
  return static_cast<std::size_t>(special - text.begin());
}

constexpr std::size_t kBlockBytes = 16;

// Written so that compilers compare all bytes of a block at once.
bool is_plain_block(const char* block) {
  unsigned char special = 0;
  for (std::size_t i = 0; i < kBlockBytes; ++i) {
    const auto c = static_cast<unsigned char>(block[i]);
    special |= static_cast<unsigned char>(c < 0x20) | static_cast<unsigned char>(c > 0x7e) |
               static_cast<unsigned char>(c == '"') | static_cast<unsigned char>(c == '\\');
  }
  return special == 0;
}

// Nearly every text is.
bool is_plain(std::string_view text) {
  if (text.size() < kBlockBytes)
    return std::ranges::all_of(text, [](char c) { return kPlain[static_cast<unsigned char>(c)]; });
  for (std::size_t at = 0; at + kBlockBytes < text.size(); at += kBlockBytes) {
    if (!is_plain_block(text.data() + at)) return false;
  }
  return is_plain_block(text.data() + text.size() - kBlockBytes);
}

struct CodePoint {
  std::uint32_t value = 0;
  std::size_t bytes = 0;
};

// How many bytes a sequence with this first byte has, and the smallest code point it may hold.
struct SequenceForm {
  std::size_t bytes;
  std::uint32_t first_bits;
  std::uint32_t smallest;
};

std::optional<SequenceForm> form_of(unsigned char first) {
  if (first < 0x80) return SequenceForm{1, first, 0};
  if ((first & 0xe0U) == 0xc0U) return SequenceForm{2, first & 0x1fU, 0x80};
  if ((first & 0xf0U) == 0xe0U) return SequenceForm{3, first & 0x0fU, 0x800};
  if ((first & 0xf8U) == 0xf0U) return SequenceForm{4, first & 0x07U, 0x10000};
  return std::nullopt;
}

// RFC 3629 3: overlong forms, surrogates and values above U+10FFFF are invalid.
std::optional<CodePoint> decode(std::string_view text) {
  const auto form = form_of(static_cast<unsigned char>(text.front()));
  if (!form || form->bytes > text.size()) return std::nullopt;
  std::uint32_t value = form->first_bits;
  for (std::size_t i = 1; i < form->bytes; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xc0U) != 0x80U) return std::nullopt;
    value = value << 6 | (next & 0x3fU);
  }
  if (value < form->smallest || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return std::nullopt;
  return CodePoint{value, form->bytes};
}

// Invisible characters that would let a client draw over the line or turn its direction.
bool must_be_escaped(std::uint32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
         (c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
}

void put_unicode_escape(TextWriter& out, std::uint32_t c) {
  out.put("\\u");
  for (int shift = 12; shift >= 0; shift -= 4) out.put(kDigits[c >> shift & 0xfU]);
}

void put_code_point(TextWriter& out, CodePoint point, std::string_view raw) {
  switch (point.value) {
    case '"': return out.put("\\\"");
    case '\\': return out.put("\\\\");
    case '\n': return out.put("\\n");
    case '\r': return out.put("\\r");
    case '\t': return out.put("\\t");
    default: break;
  }
  if (must_be_escaped(point.value)) return put_unicode_escape(out, point.value);
  out.put(raw);
}

}  // namespace

void TextWriter::put_what_fits(std::string_view raw) {
  const std::size_t count = room();
  put(raw.substr(0, count));
}

void TextWriter::put_number(std::uint64_t value) {
  std::array<char, 20> digits;
  const auto* const end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  put(std::string_view(digits.data(), end));
}

void TextWriter::put_padded(std::uint64_t value, unsigned digits) {
  std::array<char, 20> text;
  const unsigned count = std::min<unsigned>(digits, text.size());
  for (unsigned i = count; i > 0; --i, value /= 10) text[i - 1] = static_cast<char>('0' + value % 10);
  put(std::string_view(text.data(), count));
}

void TextWriter::put_hex16(std::uint64_t value) {
  std::array<char, 16> text;
  for (std::size_t i = text.size(); i > 0; --i, value >>= 4) text[i - 1] = kDigits[value & 0xfU];
  put(std::string_view(text.data(), text.size()));
}

void TextWriter::put_json(std::string_view value, std::size_t bytes_max) {
  const std::size_t limit = std::min(bytes_max, room());
  if (value.size() <= limit && is_plain(value)) return put(value);
  if (limit < kCut.size() + kEscapeMax) return;
  const char* const stop = next_ + (limit - kCut.size() - kEscapeMax);
  while (!value.empty()) {
    if (next_ > stop) return put(kCut);
    if (const std::size_t plain = plain_prefix(value); plain > 0) {
      const std::size_t taken = std::min(plain, static_cast<std::size_t>(stop - next_) + kEscapeMax);
      put(value.substr(0, taken));
      value.remove_prefix(taken);
      continue;
    }
    const auto point = decode(value);
    if (point) put_code_point(*this, *point, value.substr(0, point->bytes));
    if (!point) put(kReplacement);
    value.remove_prefix(point ? point->bytes : 1);
  }
}

void TextWriter::put_quoted(std::string_view value, std::size_t bytes_max) {
  const std::size_t limit = std::min(bytes_max, room());
  constexpr std::size_t kHexEscape = 4;
  if (value.size() <= limit && is_plain(value)) return put(value);
  const char* const end = next_ + limit;
  for (const char c : value) {
    if (static_cast<std::size_t>(end - next_) < kHexEscape) return;
    if (kPlain[static_cast<unsigned char>(c)]) {
      put(c);
    } else if (c == '"' || c == '\\') {
      put('\\');
      put(c);
    } else {
      put("\\x");
      put(kDigits[static_cast<unsigned char>(c) >> 4]);
      put(kDigits[static_cast<unsigned char>(c) & 0xfU]);
    }
  }
}

}  // namespace gate::observe

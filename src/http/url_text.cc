#include "http/url_text.h"

#include <cstddef>

namespace gate::http {
namespace {

bool is_encoded_slash(std::string_view text) {
  return text.size() >= 3 && text[0] == '%' && text[1] == '2' && (text[2] == 'F' || text[2] == 'f');
}

// Whether the first character of `rest` may stay.
bool stays(std::string_view rest, UrlPart part) {
  const char c = rest[0];
  if (!is_in(kUrlCharacters, c)) return false;
  switch (part) {
    case UrlPart::kUrl: return true;
    case UrlPart::kQueryPart: return !std::string_view("&=+#;?").contains(c);
    case UrlPart::kPath: return c == '%' ? is_encoded_slash(rest) : c != '?' && c != '#';
  }
  return false;
}

}  // namespace

std::string_view percent_encoded(std::string_view text, UrlPart part, base::Arena& arena) {
  std::size_t encoded = 0;
  for (std::size_t i = 0; i < text.size(); ++i) encoded += stays(text.substr(i), part) ? 0 : 1;
  if (encoded == 0) return text;
  const auto room = arena.make_array<char>(text.size() + 2 * encoded);
  auto* out = room.data();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (stays(text.substr(i), part)) {
      *out++ = text[i];
      continue;
    }
    const auto byte = static_cast<unsigned char>(text[i]);
    *out++ = '%';
    *out++ = "0123456789ABCDEF"[byte >> 4];
    *out++ = "0123456789ABCDEF"[byte & 0xf];
  }
  return {room.data(), room.size()};
}

}  // namespace gate::http

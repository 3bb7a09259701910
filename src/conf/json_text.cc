#include "conf/json_text.h"

#include <fmt/format.h>

#include "conf/text_check.h"

namespace gate::conf {
namespace {

// RFC 8259 7: "All Unicode characters may be placed within the quotation marks, except for the characters that MUST be
// escaped: quotation mark, reverse solidus, and the control characters (U+0000 through U+001F)."
void append_ascii(std::string& to, char c) {
  switch (c) {
    case '"': to += "\\\""; return;
    case '\\': to += "\\\\"; return;
    case '\n': to += "\\n"; return;
    case '\r': to += "\\r"; return;
    case '\t': to += "\\t"; return;
    default: break;
  }
  if (static_cast<unsigned char>(c) < 0x20) {
    to += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
  } else {
    to += c;
  }
}

}  // namespace

std::string json_string(std::string_view text) {
  std::string result = "\"";
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 1) append_ascii(result, text.front());
    if (length == 0) result += "\\ufffd";
    if (length > 1) result += text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return result + '"';
}

}  // namespace gate::conf

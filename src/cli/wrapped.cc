#include "cli/wrapped.h"

#include <algorithm>

#include "base/text.h"

namespace gate::cli {
namespace {

// Of UTF-8: bytes that begin a character.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

std::string wrapped_paragraph(std::string_view text, std::size_t indent, std::size_t columns) {
  std::string result;
  std::size_t at = indent;
  while (!text.empty()) {
    text = text.substr(std::min(text.find_first_not_of(" \n"), text.size()));
    const std::string_view word = text.substr(0, text.find_first_of(" \n"));
    if (word.empty()) break;
    text.remove_prefix(word.size());
    const bool begins = result.empty();
    if (!begins && at + 1 + width(word) > columns) {
      result += '\n' + std::string(indent, ' ');
      at = indent;
    } else if (!begins) {
      result += ' ';
      ++at;
    }
    result += word;
    at += width(word);
  }
  return result;
}

}  // namespace

std::string wrapped(std::string_view text, std::size_t indent, std::size_t columns) {
  std::string result;
  while (!text.empty()) {
    const auto end = text.find("\n\n");
    if (!result.empty()) result += "\n\n" + std::string(indent, ' ');
    result += wrapped_paragraph(text.substr(0, end), indent, columns);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 2);
  }
  return result;
}

}  // namespace gate::cli

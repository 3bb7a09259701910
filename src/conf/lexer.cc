#include "conf/lexer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "conf/codes.h"
#include "conf/parse.h"

namespace gate::conf {
namespace {

bool is_boundary(std::string_view text) {
  return text.empty() || text.front() == ' ' || text.front() == '\t' || text.front() == '\n' || text.front() == '\r';
}

}  // namespace

Token Lexer::next() {
  take(std::min(rest_.find_first_not_of(" \t"), rest_.size()));
  if (rest_.empty()) return {};
  const char first = rest_.front();
  if (first == '\n' || first == '\r') return line_end();
  line_has_tokens_ = true;
  if (first == '#') return comment();
  if (stands_alone('{')) return brace(TokenKind::kOpen);
  if (stands_alone('}')) return brace(TokenKind::kClose);
  return first == '"' ? string() : bare_word();
}

Token Lexer::line_end() {
  const bool blank = !line_has_tokens_;
  take(rest_.front() == '\r' ? 2 : 1);
  ++line_;
  column_ = 1;
  line_has_tokens_ = false;
  return {blank ? TokenKind::kBlankLine : TokenKind::kLineEnd, {}};
}

Token Lexer::comment() {
  auto text = rest_.substr(0, rest_.find('\n'));
  const Position at = take(text.size() - (text.ends_with('\r') ? 1 : 0));
  while (text.ends_with('\r') || text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return {TokenKind::kComment, {std::string(text), at, false}};
}

Token Lexer::brace(TokenKind kind) { return {kind, {{}, take(1), false}}; }

// `{` or `}` is punctuation when nothing else touches it, or when the two touch each other.
bool Lexer::stands_alone(char brace) const {
  if (rest_.front() != brace) return false;
  const auto after = rest_.substr(1);
  return is_boundary(after) || (brace == '{' && after.front() == '}' && is_boundary(after.substr(1)));
}

std::size_t Lexer::bare_length() const { return std::min(rest_.find_first_of(" \t\r\n\""), rest_.size()); }

Token Lexer::bare_word() {
  const std::string_view text = rest_.substr(0, bare_length());
  const Position at = take(text.size());
  if (text == "\\") {
    diagnostics_.error(kLineContinued, at, "a statement ends with its line",
                       "write it on one line, or give it a block; a backslash of its own needs quotes");
  }
  return checked({TokenKind::kWord, {std::string(text), at, false}});
}

// The length of the string at the front, both quotes included; of what should belong to it when it does not end.
std::size_t Lexer::string_length() const {
  if (rest_.empty() || rest_.front() != '"') return 0;
  for (std::size_t i = 1; i < rest_.size() && rest_[i] != '\n'; ++i) {
    if (rest_[i] == '"') return i + 1;
    if (rest_[i] == '\\' && i + 1 < rest_.size() && rest_[i + 1] != '\n') ++i;
  }
  return 0;
}

Token Lexer::string() {
  if (const std::size_t length = string_length(); length > 0) {
    const auto inside = rest_.substr(1, length - 2);
    const Position at = take(length);
    return checked({TokenKind::kWord, {unescaped(inside, at), at, true}});
  }
  // Leave a brace at the end of the line alone, or the block it opens would be reported as well.
  auto text = base::trimmed(rest_.substr(0, rest_.find_first_of("\r\n")));
  if (text.ends_with(" {")) text = base::trimmed(text.substr(0, text.size() - 1));
  const Position at = take(text.size());
  diagnostics_.error(kUnterminatedString, at, "string is not closed on its line",
                     "a string ends with \"; write a line break as \\n");
  return {TokenKind::kWord, {std::string(text.substr(1)), at, true}};
}

std::string Lexer::unescaped(std::string_view inside, const Position& at) {
  constexpr std::string_view kEscapes = "\"\\nrt";
  constexpr std::string_view kMeanings = "\"\\\n\r\t";
  std::string text;
  text.reserve(inside.size());
  for (std::size_t i = 0; i < inside.size(); ++i) {
    if (inside[i] != '\\') {
      text += inside[i];
      continue;
    }
    const auto known = kEscapes.find(inside[++i]);
    if (known == std::string_view::npos) {
      const Position escape{at.source, at.line, at.column + static_cast<std::uint32_t>(i), 2};
      diagnostics_.error(kUnknownEscape, escape, "unknown escape in a string",
                         R"(known are \" \\ \n \r \t; a backslash is written \\)");
    }
    text += known == std::string_view::npos ? inside[i] : kMeanings[known];
  }
  return text;
}

// Words are set apart by spaces: what follows one without a space is reported and skipped.
Token Lexer::checked(Token token) {
  if (token.word.text.size() > kWordBytesMax) {
    diagnostics_.error(kWordTooLong, token.word.at, fmt::format("word is longer than {} bytes", kWordBytesMax));
  }
  if (is_boundary(rest_)) return token;
  Position at = take(0);
  while (!is_boundary(rest_)) at.length += take(std::max({std::size_t{1}, string_length(), bare_length()})).length;
  diagnostics_.error(kQuoteInsideWord, at, "a quote in the middle of a word",
                     "put the whole word into quotes, and write a quote in it as \\\"");
  return token;
}

Position Lexer::take(std::size_t count) {
  const Position at{source_.id, line_, column_, static_cast<std::uint32_t>(count)};
  rest_.remove_prefix(count);
  column_ += static_cast<std::uint32_t>(count);
  return at;
}

}  // namespace gate::conf

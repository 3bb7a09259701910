#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "conf/diagnostics.h"
#include "conf/tree.h"

namespace gate::conf {

enum class TokenKind : std::uint8_t { kWord, kOpen, kClose, kComment, kBlankLine, kLineEnd, kEnd };

// `word` holds a word's or a comment's text; braces have a position only.
struct Token {
  TokenKind kind = TokenKind::kEnd;
  Word word{};
};

// Cuts a text that has passed `find_bad_text` into tokens. A faulty word is reported and handed out as far as it can be
// read, so that one mistake does not hide the next. Source and diagnostics must outlive the lexer.
class Lexer {
 public:
  Lexer(const Source& source, Diagnostics& diagnostics)
      : rest_(source.text), source_(source), diagnostics_(diagnostics) {}

  // The next token; kEnd for ever once the text is used up.
  Token next();

 private:
  Token line_end();
  Token comment();
  Token brace(TokenKind kind);
  Token bare_word();
  Token string();
  std::size_t string_length() const;
  std::size_t bare_length() const;
  bool stands_alone(char brace) const;
  std::string unescaped(std::string_view inside, const Position& at);
  Token checked(Token token);
  Position take(std::size_t count);

  std::string_view rest_;
  const Source& source_;
  Diagnostics& diagnostics_;
  std::uint32_t line_ = 1;
  std::uint32_t column_ = 1;
  bool line_has_tokens_ = false;
};

}  // namespace gate::conf

#pragma once

#include <cstddef>

#include "conf/diagnostics.h"
#include "conf/lexer.h"
#include "conf/tree.h"

namespace gate::conf {

// Builds the tree of one text. `depth` is the nesting the text starts at, `statements_left` what the whole
// configuration may still hold; it is reduced by what is read.
class Parser {
 public:
  Parser(const Source& source, std::size_t depth, std::size_t& statements_left, Diagnostics& diagnostics);

  Block parse();

 private:
  void read_statements(Block& into, const Statement* owner);
  void read_statement(Statement& into);
  void read_block(Statement& owner);
  void read_after_block(Block& block);
  void read_stray_brace();
  bool take_budget();
  void skip_block();
  void stop();
  void advance() { current_ = lexer_.next(); }
  bool at(TokenKind kind) const { return current_.kind == kind; }

  Lexer lexer_;
  Token current_;
  std::size_t depth_;
  std::size_t& statements_left_;
  bool stopped_ = false;
  Diagnostics& diagnostics_;
};

}  // namespace gate::conf

#include "conf/parser.h"

#include <fmt/format.h>

#include <utility>

#include "conf/codes.h"
#include "conf/parse.h"

namespace gate::conf {
namespace {

// The comments and blank lines above a statement, kept as the formatter would write them: no blank line at the start of
// a block, never two in a row.
class Lines {
 public:
  void blank() {
    if (!std::exchange(at_edge_, true)) lines_.emplace_back();
  }
  void comment(std::string text) {
    lines_.push_back(std::move(text));
    at_edge_ = false;
  }
  std::vector<std::string> take() {
    at_edge_ = false;
    return std::exchange(lines_, {});
  }
  std::vector<std::string> take_end() {
    while (!lines_.empty() && lines_.back().empty()) lines_.pop_back();
    return take();
  }

 private:
  std::vector<std::string> lines_;
  bool at_edge_ = true;
};

}  // namespace

Parser::Parser(const Source& source, std::size_t depth, std::size_t& statements_left, Diagnostics& diagnostics)
    : lexer_(source, diagnostics), depth_(depth), statements_left_(statements_left), diagnostics_(diagnostics) {}

Block Parser::parse() {
  Block root;
  advance();
  read_statements(root, nullptr);
  return root;
}

// Reads up to the brace that closes the block of `owner`, or up to the end of the text when there is no owner.
void Parser::read_statements(Block& into, const Statement* owner) {
  Lines lines;
  for (;;) {
    switch (current_.kind) {
      case TokenKind::kLineEnd: advance(); break;
      case TokenKind::kBlankLine:
        lines.blank();
        advance();
        break;
      case TokenKind::kComment:
        lines.comment(std::move(current_.word.text));
        advance();
        break;
      case TokenKind::kOpen: read_stray_brace(); break;
      case TokenKind::kWord:
        if (!take_budget()) break;
        into.statements.emplace_back().before = lines.take();
        read_statement(into.statements.back());
        break;
      case TokenKind::kClose:
        if (owner != nullptr) {
          into.end = lines.take_end();
          return;
        }
        diagnostics_.error(kNothingToClose, current_.word.at, "this brace closes nothing");
        advance();
        break;
      case TokenKind::kEnd:
        into.end = lines.take_end();
        if (owner == nullptr || stopped_) return;
        diagnostics_.error(kBlockNotClosed, owner->name.at,
                           fmt::format("the block of {} is never closed", shown(owner->name.text)),
                           "its } is missing, or that of a block inside it");
        stop();
        return;
    }
  }
}

void Parser::read_statement(Statement& into) {
  into.name = std::move(current_.word);
  if (into.name.quoted) {
    diagnostics_.error(kNameExpected, into.name.at, "a statement starts with its name, not with a string");
  }
  for (advance(); at(TokenKind::kWord); advance()) {
    if (into.args.size() == kWordsMax) {
      diagnostics_.error(kTooManyWords, into.name.at, fmt::format("statement has more than {} arguments", kWordsMax));
      continue;
    }
    into.args.push_back(std::move(current_.word));
  }
  if (at(TokenKind::kOpen)) return read_block(into);
  if (!at(TokenKind::kComment)) return;
  into.comment = std::move(current_.word.text);
  advance();
}

void Parser::read_block(Statement& owner) {
  owner.block.emplace();
  if (depth_ == kNestingMax) {
    diagnostics_.error(kNestedTooDeep, current_.word.at,
                       fmt::format("blocks are nested more than {} deep", kNestingMax));
    return skip_block();
  }
  advance();
  if (at(TokenKind::kComment)) {
    owner.comment = std::move(current_.word.text);
    advance();
  }
  if (at(TokenKind::kLineEnd)) advance();
  ++depth_;
  read_statements(*owner.block, &owner);
  --depth_;
  read_after_block(*owner.block);
}

// After the closing brace comes the end of the line, or the brace that closes the block around it.
void Parser::read_after_block(Block& block) {
  if (!at(TokenKind::kClose)) return;
  advance();
  if (at(TokenKind::kComment)) {
    block.close_comment = std::move(current_.word.text);
    return advance();
  }
  if (at(TokenKind::kWord) || at(TokenKind::kOpen)) {
    diagnostics_.error(kTextAfterBlock, current_.word.at, "text after the brace that closes a block",
                       "the next statement starts on a line of its own");
  }
}

void Parser::read_stray_brace() {
  diagnostics_.error(kNameExpected, current_.word.at, "a block without a statement",
                     "a brace stands at the end of the line whose block it opens");
  skip_block();
}

bool Parser::take_budget() {
  if (statements_left_ > 0) {
    --statements_left_;
    return true;
  }
  diagnostics_.error(kTooManyStatements, current_.word.at,
                     fmt::format("configuration has more than {} statements", kStatementsMax));
  stop();
  return false;
}

// From an opening brace to behind the one that closes it, with a counter: there may be a million of them.
void Parser::skip_block() {
  std::size_t open = 0;
  do {
    if (at(TokenKind::kOpen)) ++open;
    if (at(TokenKind::kClose)) --open;
    advance();
  } while (open > 0 && !at(TokenKind::kEnd));
  if (open > 0) stop();
}

// Nothing after this can be understood: reads as the end of the text, once reported.
void Parser::stop() {
  stopped_ = true;
  current_ = {};
}

}  // namespace gate::conf

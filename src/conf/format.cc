#include "conf/format.h"

#include <algorithm>
#include <span>

#include "conf/text_check.h"

namespace gate::conf {
namespace {

// A longer name keeps out of the alignment, so that it does not push a whole run to the right.
constexpr std::size_t kAlignedNameMax = 16;

std::string word_text(const Word& word) {
  return word.quoted || !is_bare_word(word.text) ? conf::quoted(word.text) : word.text;
}

std::size_t width(std::string_view text) {
  return text.size() - static_cast<std::size_t>(std::ranges::count_if(text, is_utf8_continuation));
}

bool aligns(const Statement& statement) {
  return !statement.block && !statement.args.empty() && width(statement.name.text) <= kAlignedNameMax;
}

// The end of the run that starts at `first`: plain statements with nothing between them.
std::size_t run_end(std::span<const Statement> statements, std::size_t first) {
  std::size_t end = first + 1;
  while (end < statements.size() && !statements[end].block && statements[end].before.empty()) ++end;
  return end;
}

std::size_t name_width(std::span<const Statement> run) {
  std::size_t widest = 0;
  for (const auto& statement : run) {
    if (aligns(statement)) widest = std::max(widest, width(statement.name.text));
  }
  return widest;
}

class Formatter {
 public:
  std::string text() && { return std::move(text_); }

  void write_block(const Block& block) {
    const std::span<const Statement> statements = block.statements;
    at_edge_ = true;
    for (std::size_t first = 0; first < statements.size();) {
      const std::size_t end = statements[first].block ? first + 1 : run_end(statements, first);
      const auto run = statements.subspan(first, end - first);
      const std::size_t widest = name_width(run);
      for (const auto& statement : run) write_statement(statement, aligns(statement) ? widest : 0);
      first = end;
    }
    write_end(block.end);
  }

 private:
  void write_statement(const Statement& statement, std::size_t name_width) {
    write_lines(statement.before);
    at_edge_ = false;
    indent();
    text_ += statement.name.text;
    const std::size_t written = width(statement.name.text);
    if (written < name_width) text_.append(name_width - written, ' ');
    for (const auto& arg : statement.args) (text_ += ' ') += word_text(arg);
    if (statement.block) text_ += " {";
    write_comment(statement.comment);
    text_ += '\n';
    if (statement.block) write_braces(*statement.block);
  }

  void write_braces(const Block& block) {
    ++depth_;
    write_block(block);
    --depth_;
    indent();
    text_ += '}';
    write_comment(block.close_comment);
    text_ += '\n';
    at_edge_ = false;
  }

  // Comments and blank lines; no blank line at the edge of a block, never two in a row.
  void write_lines(std::span<const std::string> lines) {
    for (const auto& line : lines) {
      if (line.empty()) {
        if (!at_edge_) text_ += '\n';
        at_edge_ = true;
        continue;
      }
      at_edge_ = false;
      indent();
      (text_ += line) += '\n';
    }
  }

  void write_end(std::span<const std::string> lines) {
    while (!lines.empty() && lines.back().empty()) lines = lines.first(lines.size() - 1);
    write_lines(lines);
  }

  void write_comment(const std::string& comment) {
    if (!comment.empty()) (text_ += "  ") += comment;
  }

  void indent() { text_.append(depth_ * 2, ' '); }

  std::string text_;
  std::size_t depth_ = 0;
  bool at_edge_ = true;  // a blank line here would be the first of a block, or the second in a row
};

}  // namespace

std::string format(const Block& root) {
  Formatter formatter;
  formatter.write_block(root);
  return std::move(formatter).text();
}

bool is_bare_word(std::string_view text) {
  if (text.empty() || text.front() == '#' || text == "\\") return false;
  if (text == "{" || text == "}" || text == "{}") return false;
  return std::ranges::none_of(text, [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '"'; });
}

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    switch (c) {
      case '"': result += "\\\""; break;
      case '\\': result += "\\\\"; break;
      case '\n': result += "\\n"; break;
      case '\r': result += "\\r"; break;
      case '\t': result += "\\t"; break;
      default: result += c;
    }
  }
  return result + '"';
}

}  // namespace gate::conf

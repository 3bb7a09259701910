#include "conf/json.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <span>

#include "conf/codes.h"
#include "conf/format.h"
#include "conf/json_text.h"
#include "conf/parse.h"
#include "conf/text_check.h"

namespace gate::conf {
namespace {

using nlohmann::json;

// Escapes and indentation make the JSON of a configuration larger than its text.
constexpr std::size_t kJsonBytesMax = 4 * kFileBytesMax;

class Writer {
 public:
  std::string text() && { return std::move(text_); }

  void write_root(const Block& root) {
    text_ += R"({"statements":)";
    write_statements(root.statements);
    write_lines("end", root.end);
    text_ += "}\n";
  }

 private:
  void write_statements(std::span<const Statement> statements) {
    text_ += '[';
    ++depth_;
    for (const auto& statement : statements) {
      if (&statement != statements.data()) text_ += ',';
      line_break();
      write_statement(statement);
    }
    --depth_;
    if (!statements.empty()) line_break();
    text_ += ']';
  }

  void write_statement(const Statement& statement) {
    text_ += fmt::format(R"({{"name":{},"args":[)", json_string(statement.name.text));
    for (const auto& arg : statement.args) {
      if (&arg != statement.args.data()) text_ += ',';
      text_ += json_string(arg.text);
    }
    text_ += ']';
    write_lines("before", statement.before);
    write_text("comment", statement.comment);
    if (statement.block) {
      text_ += R"(,"block":)";
      write_statements(statement.block->statements);
      write_lines("end", statement.block->end);
      write_text("close_comment", statement.block->close_comment);
    }
    text_ += '}';
  }

  void write_lines(std::string_view field, std::span<const std::string> lines) {
    if (lines.empty()) return;
    text_ += fmt::format(R"(,"{}":[)", field);
    for (const auto& line : lines) {
      if (&line != lines.data()) text_ += ',';
      text_ += json_string(line);
    }
    text_ += ']';
  }

  void write_text(std::string_view field, const std::string& text) {
    if (!text.empty()) text_ += fmt::format(R"(,"{}":{})", field, json_string(text));
  }

  void line_break() {
    text_ += '\n';
    text_.append(depth_ * 2, ' ');
  }

  std::string text_;
  std::size_t depth_ = 0;
};

base::Error bad_json(std::string what) {
  return {.code = kBadJson, .side = base::Side::kConfiguration, .what = std::move(what)};
}

base::Result<json> parsed(std::string_view text) {
  if (text.size() > kJsonBytesMax)
    return base::fail(bad_json(fmt::format("JSON is larger than {} bytes", kJsonBytesMax)));
  try {
    return json::parse(text);
  } catch (const json::exception& failure) {
    std::string_view reason = failure.what();
    if (const auto tag = reason.find("] "); tag != std::string_view::npos) reason.remove_prefix(tag + 2);
    return base::fail(bad_json(fmt::format("not JSON: {}", reason)));
  }
}

// Builds the tree and keeps the place of the value it looks at, such as `statements[2].block[0].args[1]`.
class TreeReader {
 public:
  base::Result<Block> read_root(const json& root) {
    Block block;
    GATE_TRY(check_fields(root, {"statements", "end"}));
    const auto statements = root.find("statements");
    if (statements == root.end()) return wrong("has no \"statements\"");
    GATE_TRY(read_statements(block.statements, *statements, "statements"));
    GATE_TRY(read_lines(block.end, root, "end"));
    return block;
  }

 private:
  std::unexpected<base::Error> wrong(std::string_view what) const {
    return base::fail(bad_json(fmt::format("{} {}", place_.empty() ? "the top level" : place_, what)));
  }

  base::Result<> check_fields(const json& value, std::span<const std::string_view> known) const {
    if (!value.is_object()) return wrong("is not an object");
    for (const auto& [field, ignored] : value.items()) {
      if (std::ranges::find(known, field) == known.end()) return wrong("has an unknown field " + shown(field));
    }
    return {};
  }
  base::Result<> check_fields(const json& value, std::initializer_list<std::string_view> known) const {
    return check_fields(value, std::span(known.begin(), known.size()));
  }

  base::Result<> read_statements(std::vector<Statement>& into, const json& value, std::string_view field) {
    return read_array(value, field, [&](const json& item) { return read_statement(into.emplace_back(), item); });
  }

  base::Result<> read_statement(Statement& into, const json& value) {
    if (++statements_ > kStatementsMax) return wrong("is one statement too many");
    GATE_TRY(check_fields(value, {"name", "args", "block", "before", "comment", "end", "close_comment"}));
    GATE_TRY(read_name(into.name, value));
    if (const auto args = value.find("args"); args != value.end()) {
      if (args->size() > kWordsMax) return wrong("has too many arguments");
      GATE_TRY(read_array(*args, "args", [&](const json& item) { return read_word(into.args.emplace_back(), item); }));
    }
    GATE_TRY(read_lines(into.before, value, "before"));
    GATE_TRY(read_comment(into.comment, value, "comment"));
    return read_block(into, value);
  }

  base::Result<> read_block(Statement& owner, const json& value) {
    const auto block = value.find("block");
    if (block == value.end()) {
      if (value.contains("end") || value.contains("close_comment")) return wrong("has the end of a block but no block");
      return {};
    }
    if (depth_ == kNestingMax) return wrong("nests its blocks too deep");
    owner.block.emplace();
    ++depth_;
    GATE_TRY(read_statements(owner.block->statements, *block, "block"));
    --depth_;
    GATE_TRY(read_lines(owner.block->end, value, "end"));
    return read_comment(owner.block->close_comment, value, "close_comment");
  }

  base::Result<> read_name(Word& into, const json& statement) {
    const auto name = statement.find("name");
    if (name == statement.end()) return wrong("has no \"name\"");
    GATE_TRY(read_word(into, *name));
    return is_bare_word(into.text) ? base::Result<>{} : wrong("has a name that would need quotes");
  }

  base::Result<> read_word(Word& into, const json& value) {
    if (!value.is_string()) return wrong("is not a string");
    into.text = value.get<std::string>();
    into.quoted = !is_bare_word(into.text);
    if (into.text.size() > kWordBytesMax) return wrong("is too long");
    // A carriage return has an escape and is fine here.
    std::string checked = into.text;
    std::erase(checked, '\r');
    const auto bad = find_bad_text(checked);
    return bad ? wrong("holds " + std::string(bad->what)) : base::Result<>{};
  }

  base::Result<> read_lines(std::vector<std::string>& into, const json& value, std::string_view field) {
    const auto lines = value.find(field);
    if (lines == value.end()) return {};
    return read_array(*lines, field, [&](const json& item) -> base::Result<> {
      if (item.is_string() && item.get_ref<const std::string&>().empty()) return into.emplace_back(), base::Result<>{};
      return read_line(into.emplace_back(), item);
    });
  }

  base::Result<> read_comment(std::string& into, const json& value, std::string_view field) {
    const auto line = value.find(field);
    return line == value.end() ? base::Result<>{} : read_line(into, *line);
  }

  base::Result<> read_line(std::string& into, const json& value) {
    if (!value.is_string()) return wrong("is not a string");
    into = value.get<std::string>();
    if (!into.starts_with('#')) return wrong("is not a comment: it does not start with #");
    if (into.find_first_of("\r\n") != std::string::npos || into.ends_with(' ') || into.ends_with('\t')) {
      return wrong("is not a single comment line without blanks at its end");
    }
    const auto bad = find_bad_text(into);
    return bad ? wrong("holds " + std::string(bad->what)) : base::Result<>{};
  }

  template <class Read>
  base::Result<> read_array(const json& value, std::string_view field, Read read) {
    const std::size_t outer = place_.size();
    place_ += fmt::format("{}{}", outer == 0 ? "" : ".", field);
    if (!value.is_array()) return wrong("is not an array");
    const std::size_t here = place_.size();
    std::size_t index = 0;
    for (const auto& item : value) {
      place_ += fmt::format("[{}]", index++);
      GATE_TRY(read(item));
      place_.resize(here);
    }
    place_.resize(outer);
    return {};
  }

  std::string place_;
  std::size_t depth_ = 0;
  std::size_t statements_ = 0;
};

}  // namespace

std::string to_json(const Block& root) {
  Writer writer;
  writer.write_root(root);
  return std::move(writer).text();
}

base::Result<Block> from_json(std::string_view text) {
  GATE_TRY_ASSIGN(const json root, parsed(text));
  return TreeReader().read_root(root);
}

}  // namespace gate::conf

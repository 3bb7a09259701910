#include "conf/tree.h"

#include <fmt/format.h>

#include <algorithm>

#include "conf/text_check.h"

namespace gate::conf {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

bool same_word(const Word& a, const Word& b) { return a.text == b.text; }

bool same_statement(const Statement& a, const Statement& b) {
  if (!same_word(a.name, b.name) || !std::ranges::equal(a.args, b.args, same_word)) return false;
  if (a.before != b.before || a.comment != b.comment || a.block.has_value() != b.block.has_value()) return false;
  return !a.block || same_content(*a.block, *b.block);
}

}  // namespace

bool same_content(const Block& a, const Block& b) {
  return a.end == b.end && a.close_comment == b.close_comment &&
         std::ranges::equal(a.statements, b.statements, same_statement);
}

std::string_view Source::line(std::uint32_t number) const {
  std::size_t start = 0;
  for (std::uint32_t skipped = 1; skipped < number; ++skipped) {
    const auto end = text.find('\n', start);
    if (end == std::string::npos) return {};
    start = end + 1;
  }
  auto found = std::string_view(text).substr(start);
  found = found.substr(0, found.find('\n'));
  if (found.ends_with('\r')) found.remove_suffix(1);
  return found;
}

std::string Source::resolve(std::string_view path) const {
  if (directory.empty() || path.starts_with('/')) return std::string(path);
  return fmt::format("{}{}{}", directory, directory.ends_with('/') ? "" : "/", path);
}

const Source& SourceSet::add(std::string name, std::string directory, std::string text) {
  if (text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
  const auto id = static_cast<SourceId>(sources_.size());
  return sources_.emplace_back(Source{id, std::move(name), std::move(directory), std::move(text)});
}

const Source* SourceSet::find(SourceId id) const { return id < sources_.size() ? &sources_[id] : nullptr; }

std::string SourceSet::place(const Position& at) const {
  const Source* source = find(at.source);
  return source == nullptr ? std::string() : fmt::format("{}:{}:{}", source->name, at.line, shown_column(at));
}

std::uint32_t SourceSet::shown_column(const Position& at) const {
  const Source* source = find(at.source);
  if (source == nullptr || at.column == 0) return at.column;
  const auto before = source->line(at.line).substr(0, at.column - 1);
  const auto inside = std::ranges::count_if(before, is_utf8_continuation);
  return at.column - static_cast<std::uint32_t>(inside);
}

}  // namespace gate::conf

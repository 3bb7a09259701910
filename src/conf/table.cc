#include "conf/table.h"

#include <fmt/format.h>

#include <algorithm>

#include "conf/format.h"

namespace gate::conf {
namespace {

// "one argument", "2 or more arguments", "no arguments".
std::string count_text(const ArgumentCount& count) {
  if (count.max == 0) return "no arguments";
  if (count.min == count.max) return count.min == 1 ? "one argument" : fmt::format("{} arguments", count.min);
  if (count.max == kAnyNumber)
    return count.min == 1 ? "one or more arguments" : fmt::format("{} or more arguments", count.min);
  if (count.min == 0) return fmt::format("at most {} argument{}", count.max, count.max == 1 ? "" : "s");
  return fmt::format("{} to {} arguments", count.min, count.max);
}

std::string usage(std::string_view synopsis) { return fmt::format("usage: {}", synopsis); }

std::string place_of(const Statement* owner) {
  return owner == nullptr ? "at the top level" : fmt::format("in {}", title(*owner));
}

bool check_arguments(const Statement& statement, const ArgumentCount& allowed, std::string_view synopsis,
                     Reader& reader) {
  const std::size_t given = statement.args.size();
  if (given >= allowed.min && given <= allowed.max) return true;
  const Word& at = given > allowed.max ? statement.args[allowed.max] : statement.name;
  reader.error(kWrongArgumentCount, at,
               fmt::format("\"{}\" takes {}, not {}", statement.name.text, count_text(allowed), given),
               usage(synopsis));
  return false;
}

bool check_block(const Statement& statement, BlockRule rule, std::string_view synopsis, Reader& reader) {
  if (rule == BlockRule::kRequired && !statement.block) {
    reader.error(kBlockMissing, statement.name, fmt::format("\"{}\" needs a block", statement.name.text),
                 usage(synopsis));
    return false;
  }
  if (rule == BlockRule::kNone && statement.block) {
    reader.error(kBlockNotAllowed, statement.name, fmt::format("\"{}\" takes no block", statement.name.text),
                 usage(synopsis));
    return false;
  }
  return true;
}

void report_repeat(const Statement& statement, const Statement& first, const Statement* owner, Reader& reader) {
  reader.diagnostics().add({.code = kRepeatedStatement,
                            .at = statement.name.at,
                            .message = fmt::format("\"{}\" stands twice {}", statement.name.text, place_of(owner)),
                            .help = "first given at",
                            .related = first.name.at});
}

}  // namespace

void Scope::read(const Statement& owner, Reader& reader) const {
  const Block empty;
  read(owner.block ? *owner.block : empty, &owner, reader);
}

void Scope::read(const Block& block, const Statement* owner, Reader& reader) const {
  std::vector<const Statement*> first_places(entries_.size(), nullptr);
  std::size_t order = 0;
  for (const auto& statement : block.statements) {
    const std::size_t here = order++;
    const Entry* entry = find(statement.name.text);
    if (entry == nullptr) {
      report_unknown(statement, owner, reader);
      continue;
    }
    const Statement*& first = first_places[static_cast<std::size_t>(entry - entries_.data())];
    if (first != nullptr && entry->occurs != Occurs::kRepeated) {
      report_repeat(statement, *first, owner, reader);
      continue;
    }
    first = &statement;
    const bool counts = check_arguments(statement, entry->args, entry->synopsis, reader);
    const bool blocks = check_block(statement, entry->block, entry->synopsis, reader);
    if (counts && blocks) entry->handle(statement, reader, here);
  }
  report_missing(first_places, owner, reader);
}

const Scope::Entry* Scope::find(std::string_view name) const {
  const auto found = std::ranges::find(entries_, name, &Entry::name);
  return found == entries_.end() ? nullptr : &*found;
}

void Scope::report_missing(std::span<const Statement* const> first_places, const Statement* owner,
                           Reader& reader) const {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].occurs != Occurs::kRequired || first_places[i] != nullptr) continue;
    reader.diagnostics().error(kStatementMissing, owner == nullptr ? Position{} : owner->name.at,
                               fmt::format("\"{}\" is missing {}", entries_[i].name, place_of(owner)),
                               usage(entries_[i].synopsis));
  }
}

void Scope::report_unknown(const Statement& statement, const Statement* owner, Reader& reader) const {
  constexpr std::size_t kListedMax = 12;
  std::vector<std::string_view> names;
  for (const auto& entry : entries_) names.push_back(entry.name);
  std::ranges::sort(names);
  std::string help = suggestion(statement.name.text, names);
  if (help.empty() && !names.empty() && names.size() <= kListedMax)
    help = fmt::format("known here: {}", fmt::join(names, ", "));
  reader.error(kUnknownWord, statement.name,
               fmt::format("unknown word {} {}", shown(statement.name.text), place_of(owner)), std::move(help));
}

std::string title(const Statement& statement) {
  constexpr std::size_t kPlainMax = 60;
  if (statement.args.empty()) return statement.name.text;
  const std::string& first = statement.args[0].text;
  const bool plain = first.size() <= kPlainMax && is_bare_word(first);
  return fmt::format("{} {}", statement.name.text, plain ? first : shown(first));
}

}  // namespace gate::conf

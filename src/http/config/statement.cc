#include "http/config/statement.h"

#include <fmt/format.h>

#include <utility>

#include "http/config/codes.h"
#include "http/config/conditions.h"

namespace gate::http::config {
namespace {

conf::Statement without_first_argument(const conf::Statement& statement) {
  conf::Statement rest = statement;
  rest.args.erase(rest.args.begin());
  return rest;
}

}  // namespace

const conf::Word* leading_pattern(const StatementKind& kind, const conf::Statement& statement) {
  const std::size_t own = kind.own_arguments ? kind.own_arguments(statement) : kind.args.min;
  if (statement.args.size() <= own) return nullptr;
  const conf::Word& first = statement.args[0];
  return first.text.starts_with('/') || first.text.starts_with('*') ? &first : nullptr;
}

void ChainDraft::read(const StatementKind& kind, const conf::Statement& statement, conf::Reader& reader) {
  ChainPlan::Statement part{.matcher = {}, .plan = nullptr, .rule = rule_text(statement)};
  const conf::Word* pattern = leading_pattern(kind, statement);
  if (pattern) read_patterns({pattern, 1}, part.matcher, reader);
  const conf::Statement own = pattern ? without_first_argument(statement) : statement;
  if (own.args.size() > kind.args.max) {
    reader.error(conf::kWrongArgumentCount, own.args[kind.args.max], "one argument too many",
                 fmt::format("usage: {}", kind.synopsis));
    return;
  }
  part.plan = kind.parse(own, reader);
  if (part.plan) add(std::move(part), statement, reader);
}

void ChainDraft::add(ChainPlan::Statement part, const conf::Statement& statement, conf::Reader& reader) {
  if (closed_by_) {
    reader.diagnostics().add({.code = kNeverReached,
                              .at = statement.name.at,
                              .message = fmt::format("\"{}\" is never reached", statement.name.text),
                              .help = fmt::format("\"{}\" takes every request at", closed_by_->text),
                              .related = closed_by_->at});
    return;
  }
  if (part.matcher.matches_everything() && part.plan->takes_all()) closed_by_ = statement.name;
  plan_.add(std::move(part));
}

std::string rule_text(const conf::Statement& statement) {
  std::string text = statement.name.text;
  for (const conf::Word& word : statement.args) text += fmt::format(" {}", word.text);
  return text;
}

}  // namespace gate::http::config

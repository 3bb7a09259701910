#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "conf/table.h"
#include "conf/tree.h"
#include "http/chain.h"
#include "http/service.h"

namespace gate::http::config {

class ChainDraft;

// A statement that handles requests, as its feature declares it. `args` counts without the path pattern that may stand
// before all other arguments, and `parse` never sees that pattern:
//
//   // files_config.h
//   std::unique_ptr<const http::ServicePlan> parse_files(const conf::Statement& statement, conf::Reader& reader);
//   inline constexpr http::config::StatementKind kFiles{
//       .name = "files", .synopsis = "files [PATTERN] DIRECTORY", .summary = "Serves the files of a folder.",
//       .args = {1, 1}, .block = conf::BlockRule::kAllowed, .parse = parse_files};
//
//   // where sites are read
//   constexpr conf::Directive<ChainDraft> kStatements[] = {directive<kFiles>(), directive<kRedirect>(), kRoute};
struct StatementKind {
  std::string_view name;
  std::string_view synopsis;
  std::string_view summary;
  conf::ArgumentCount args{};
  conf::BlockRule block = conf::BlockRule::kNone;

  // Null after it has reported what is wrong.
  std::unique_ptr<const ServicePlan> (*parse)(const conf::Statement&, conf::Reader&) = nullptr;

  // How many of the arguments given are the statement's own, where `args.min` does not say it: a statement whose first
  // own argument may begin with "/" and that has optional ones.
  std::size_t (*own_arguments)(const conf::Statement&) = nullptr;
};

// The statements of a site or a route while they are read. `table` holds the words that may stand there, for routes
// to be read with the same; it must outlive the draft.
class ChainDraft {
 public:
  explicit ChainDraft(std::span<const conf::Directive<ChainDraft>> table) : table_(table) {}

  std::span<const conf::Directive<ChainDraft>> table() const { return table_; }

  // Parses one statement and puts it behind the others.
  void read(const StatementKind& kind, const conf::Statement& statement, conf::Reader& reader);

  // Puts a part behind the others; reports it when it stands behind a statement that takes every request.
  void add(ChainPlan::Statement part, const conf::Statement& statement, conf::Reader& reader);

  ChainPlan finish() && { return std::move(plan_); }

 private:
  std::span<const conf::Directive<ChainDraft>> table_;
  ChainPlan plan_;
  std::optional<conf::Word> closed_by_;  // the name of the statement that takes every request
};

template <const StatementKind& kKind>
void read_statement(conf::Context<ChainDraft>& context, const conf::Statement& statement) {
  context.plan.read(kKind, statement, context.reader);
}

// The row of a statement in the table of a site.
template <const StatementKind& kKind>
constexpr conf::Directive<ChainDraft> directive() {
  return {.name = kKind.name,
          .synopsis = kKind.synopsis,
          .summary = kKind.summary,
          .args = {kKind.args.min, kKind.args.max == conf::kAnyNumber ? conf::kAnyNumber : kKind.args.max + 1},
          .block = kKind.block,
          .occurs = conf::Occurs::kRepeated,
          .handle = read_statement<kKind>};
}

// The pattern a statement begins with, or null: a first argument that begins with "/" or "*" and is not needed as one
// of the statement's own.
const conf::Word* leading_pattern(const StatementKind& kind, const conf::Statement& statement);

// "files /srv/www": a statement as log and explanations name it, without its block.
std::string rule_text(const conf::Statement& statement);

}  // namespace gate::http::config

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "conf/reader.h"
#include "conf/tree.h"

// A feature declares its statements as a table and reads each in a small handler:
//
//   void read_root(conf::Context<FilesPlan>& context, const conf::Statement& statement) {
//     if (auto root = context.reader.path(statement.args[0])) context.plan.root = *root;
//   }
//
//   constexpr conf::Directive<FilesPlan> kDirectives[] = {
//       {.name = "root", .synopsis = "root DIRECTORY", .summary = "The folder that is served.",
//        .args = {1, 1}, .occurs = conf::Occurs::kRequired, .handle = read_root},
//   };
//
//   conf::read_block<FilesPlan>(statement, kDirectives, plan, reader);

namespace gate::conf {

enum class BlockRule : std::uint8_t { kNone, kAllowed, kRequired };

// How often a statement stands in one block: at most once, exactly once, any number of times.
enum class Occurs : std::uint8_t { kOptional, kRequired, kRepeated };

struct ArgumentCount {
  std::size_t min = 0;
  std::size_t max = 0;
};
inline constexpr std::size_t kAnyNumber = SIZE_MAX;

// What a handler works with. `order` is the statement's place in its block, counted from 0: what a feature stores when
// its statements take turns with those of other features ("first match wins").
template <class Plan>
struct Context {
  Plan& plan;
  Reader& reader;
  std::size_t order = 0;
};

// One row of a table. The texts must live as long as the table; both live through the reading.
template <class Plan>
struct Directive {
  std::string_view name;
  std::string_view synopsis;  // "proxy [PATTERN] HOST:PORT…"
  std::string_view summary;   // one sentence, for `gate443 explain`
  ArgumentCount args{};
  BlockRule block = BlockRule::kNone;
  Occurs occurs = Occurs::kOptional;
  void (*handle)(Context<Plan>&, const Statement&) = nullptr;
};

// The words one block may hold, gathered from the tables of several features with a plan each. Tables and plans must
// outlive the scope.
class Scope {
 public:
  template <class Plan>
  void add(std::span<const Directive<Plan>> table, Plan& plan) {
    for (const auto& row : table) {
      entries_.push_back({row.name, row.synopsis, row.args, row.block, row.occurs,
                          [&row, &plan](const Statement& statement, Reader& reader, std::size_t order) {
                            Context<Plan> context{plan, reader, order};
                            row.handle(context, statement);
                          }});
    }
  }

  // Hands each statement that fits its row to the handler, in order, and reports the others: unknown words, wrong
  // numbers of arguments, blocks where none belongs, repeats and absences.
  void read(const Block& root, Reader& reader) const { read(root, nullptr, reader); }
  // The same for the block of `owner`; an absent one reads as empty.
  void read(const Statement& owner, Reader& reader) const;

 private:
  struct Entry {
    std::string_view name;
    std::string_view synopsis;
    ArgumentCount args;
    BlockRule block;
    Occurs occurs;
    std::function<void(const Statement&, Reader&, std::size_t)> handle;
  };

  void read(const Block& block, const Statement* owner, Reader& reader) const;
  const Entry* find(std::string_view name) const;
  void report_missing(std::span<const Statement* const> first_places, const Statement* owner, Reader& reader) const;
  void report_unknown(const Statement& statement, const Statement* owner, Reader& reader) const;

  std::vector<Entry> entries_;
};

// Reads the block of `owner` with a single table.
template <class Plan>
void read_block(const Statement& owner, std::span<const Directive<Plan>> table, Plan& plan, Reader& reader) {
  Scope scope;
  scope.add(table, plan);
  scope.read(owner, reader);
}

// "site example.com": a statement as messages name it.
std::string title(const Statement& statement);

}  // namespace gate::conf

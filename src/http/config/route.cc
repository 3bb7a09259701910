#include "http/config/route.h"

#include <memory>
#include <utility>

#include "http/config/conditions.h"

namespace gate::http::config {
namespace {

void handle_when(conf::Context<Matcher>& context, const conf::Statement& statement) {
  read_when(statement, context.plan, context.reader);
}

constexpr conf::Directive<Matcher> kConditions[] = {
    {.name = "when",
     .synopsis = "when [not] method|path|header|query|from …",
     .summary = "A condition on the requests of a route; all of them must hold.",
     .args = {2, conf::kAnyNumber},
     .occurs = conf::Occurs::kRepeated,
     .handle = handle_when},
};

}  // namespace

void read_route(conf::Context<ChainDraft>& context, const conf::Statement& statement) {
  Matcher matcher;
  if (!statement.args.empty()) read_patterns(statement.args, matcher, context.reader);

  ChainDraft inner(context.plan.table());
  conf::Scope scope;
  scope.add<Matcher>(kConditions, matcher);
  scope.add(context.plan.table(), inner);
  scope.read(statement, context.reader);

  auto chain = std::make_unique<ChainPlan>(std::move(inner).finish());
  context.plan.add({.matcher = std::move(matcher), .plan = std::move(chain), .rule = rule_text(statement)}, statement,
                   context.reader);
}

}  // namespace gate::http::config

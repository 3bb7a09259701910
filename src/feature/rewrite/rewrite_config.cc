#include "feature/rewrite/rewrite_config.h"

#include <fmt/format.h>

#include <utility>

#include "feature/rewrite/rewrite.h"

namespace gate::rewrite {
namespace {

using Form = base::Result<Change> (*)(std::string_view);

constexpr conf::Choice<Form> kForms[] = {{"strip-prefix", strip_prefix}, {"add-prefix", add_prefix}};

}  // namespace

std::unique_ptr<const http::ServicePlan> parse_rewrite(const conf::Statement& statement, conf::Reader& reader) {
  const bool has_form = statement.args.size() == 2;
  const auto form = has_form ? reader.choice(statement.args[0], kForms) : std::optional<Form>(replace_by);
  if (!form) return nullptr;
  const conf::Word& argument = statement.args.back();
  auto change = (*form)(argument.text);
  if (change) return std::make_unique<RewritePlan>(*std::move(change));
  reader.error(change.error().code, argument, fmt::format("cannot rewrite with {}", conf::shown(argument.text)),
               change.error().what);
  return nullptr;
}

}  // namespace gate::rewrite

#include "feature/redirect/redirect_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "feature/redirect/redirect.h"

namespace gate::redirect {
namespace {

constexpr conf::Choice<std::uint16_t> kStatuses[] = {
    {"301", 301}, {"302", 302}, {"303", 303}, {"307", 307}, {"308", 308}};

bool is_number(const conf::Word& word) { return std::ranges::all_of(word.text, base::is_digit); }

}  // namespace

std::size_t own_arguments(const conf::Statement& statement) { return is_number(statement.args.back()) ? 2 : 1; }

std::unique_ptr<const http::ServicePlan> parse_redirect(const conf::Statement& statement, conf::Reader& reader) {
  std::uint16_t status = RedirectPlan::kDefaultStatus;
  if (statement.args.size() == 2) {
    const auto chosen = reader.choice(statement.args[1], kStatuses);
    if (!chosen) return nullptr;
    status = *chosen;
  }
  auto plan = RedirectPlan::create(statement.args[0].text, status);
  if (plan) return *std::move(plan);
  reader.error(plan.error().code, statement.args[0],
               fmt::format("cannot redirect to {}", conf::shown(statement.args[0].text)), plan.error().what);
  return nullptr;
}

}  // namespace gate::redirect

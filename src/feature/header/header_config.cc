#include "feature/header/header_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "feature/header/header.h"

namespace gate::header {
namespace {

constexpr conf::Choice<Action> kActions[] = {{"set", Action::kSet}, {"add", Action::kAdd}, {"remove", Action::kRemove}};

}  // namespace

std::unique_ptr<const http::ServicePlan> parse_header(const conf::Statement& statement, conf::Reader& reader) {
  std::span<const conf::Word> words = statement.args;
  const Message message = words[0].text == "request" ? Message::kRequest : Message::kResponse;
  if (message == Message::kRequest) words = words.subspan(1);
  const auto action = reader.choice(words[0], kActions);
  if (!action) return nullptr;
  const std::size_t needed = *action == Action::kRemove ? 2 : 3;
  if (words.size() != needed) {
    reader.error(conf::kWrongArgumentCount, words[std::min(needed, words.size() - 1)],
                 fmt::format("\"{}\" takes a field name and {} value", words[0].text, needed == 2 ? "no" : "one"),
                 fmt::format("usage: {}; a value with blanks stands in quotes", kHeader.synopsis));
    return nullptr;
  }
  const auto value = needed == 3 ? std::optional<std::string_view>(words[2].text) : std::nullopt;
  auto plan = HeaderPlan::create(message, *action, words[1].text, value);
  if (plan) return *std::move(plan);
  reader.error(plan.error().code, words[1],
               fmt::format("cannot {} the field {}", words[0].text, conf::shown(words[1].text)), plan.error().what);
  return nullptr;
}

}  // namespace gate::header

#include "http/multiplex/priority.h"

#include "base/text.h"

namespace gate::http::multiplex {
namespace {

// Takes the next member of a dictionary off the front; commas within quotes do not end it.
std::string_view take_member(std::string_view& rest) {
  bool quoted = false;
  std::size_t end = 0;
  for (; end < rest.size() && (quoted || rest[end] != ','); ++end) {
    if (rest[end] == '"') quoted = !quoted;
    if (quoted && rest[end] == '\\') ++end;
  }
  const auto member = rest.substr(0, end);
  rest.remove_prefix(end < rest.size() ? end + 1 : rest.size());
  return base::trimmed(member);
}

}  // namespace

Priority parse_priority(std::string_view value) {
  Priority priority;
  while (!value.empty()) {
    std::string_view member = take_member(value);
    member = base::trimmed(member.substr(0, member.find(';')));  // members may have parameters
    if (member == "i" || member == "i=?1") priority.incremental = true;
    if (member == "i=?0") priority.incremental = false;
    const bool urgency =
        member.size() == 3 && member.starts_with("u=") && member[2] >= '0' && member[2] < '0' + kUrgencies;
    if (urgency) priority.urgency = static_cast<std::uint8_t>(member[2] - '0');
  }
  return priority;
}

}  // namespace gate::http::multiplex

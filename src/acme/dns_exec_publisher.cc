#include "acme/dns_exec_publisher.h"

#include <fmt/format.h>

#include <utility>

#include "acme/dns_codes.h"

namespace gate::acme {
namespace {

// The end of what a program wrote, where it says why it gave up; on one line, without what a terminal would take for
// more than text.
std::string last_words(std::string_view errors) {
  constexpr std::size_t kBytesMax = 400;
  while (errors.ends_with('\n')) errors.remove_suffix(1);
  std::string words(errors.substr(errors.size() - std::min(errors.size(), kBytesMax)));
  for (char& c : words) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = ' ';
  }
  return words;
}

}  // namespace

void DnsExecPublisher::begin(const HookTask& task) {
  const auto action = to_string(task.action);
  os::Command command{.arguments = settings_.command,
                      .variables = {"GATE443_ZONE=" + task.value.zone.to_string()},
                      .deadline = settings_.deadline};
  command.arguments.insert(command.arguments.end(),
                           {std::string(action), task.value.name.to_string(), task.value.value});
  run_.emplace(loop_).start(std::move(command), [this, action](const base::Result<os::CommandOutcome>& outcome) {
    finished(judge(outcome, action));
  });
}

base::Result<> DnsExecPublisher::judge(const base::Result<os::CommandOutcome>& outcome, std::string_view action) const {
  if (outcome && outcome->exit_code == 0) return {};
  base::Error error{.code = kHookFailed,
                    .side = base::Side::kSystem,
                    .retry = base::Retry::kLater,
                    .what = fmt::format("{} {} failed", settings_.command.front(), action),
                    .why = {},
                    .fix = "run it by hand with the same arguments, as the user that Gate443 runs as"};
  if (!outcome) {
    error.why = outcome.error().why.empty()
                    ? outcome.error().what
                    : fmt::format("{}: {}", outcome.error().what, last_words(outcome.error().why));
  } else {
    error.why = fmt::format("exit code {}: {}", outcome->exit_code, last_words(outcome->errors));
  }
  return base::fail(std::move(error));
}

}  // namespace gate::acme

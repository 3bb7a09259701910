#include "acme/dns_hook_publisher.h"

#include <utility>

namespace gate::acme {

std::string_view to_string(HookTask::Action action) {
  return action == HookTask::Action::kPresent ? "present" : "cleanup";
}

void DnsHookPublisher::publish(const DnsValue& value, Done done) {
  add(HookTask::Action::kPresent, value, std::move(done));
}

void DnsHookPublisher::withdraw(const DnsValue& value, Done done) {
  add(HookTask::Action::kCleanUp, value, std::move(done));
}

void DnsHookPublisher::add(HookTask::Action action, const DnsValue& value, Done done) {
  waiting_.push_back({{action, value}, std::move(done)});
  if (waiting_.size() == 1) begin(waiting_.front().task);
}

void DnsHookPublisher::finished(base::Result<> result) {
  const Done done = std::move(waiting_.front().done);
  waiting_.pop_front();
  if (!waiting_.empty()) begin(waiting_.front().task);
  done(std::move(result));
}

}  // namespace gate::acme

#pragma once

#include <deque>
#include <string>
#include <string_view>

#include "acme/dns_publisher.h"

namespace gate::acme {

// What a hook is asked to do.
struct HookTask {
  enum class Action : std::uint8_t { kPresent, kCleanUp };
  Action action = Action::kPresent;
  DnsValue value;
};

// "present", "cleanup": as other programs of this kind say it.
std::string_view to_string(HookTask::Action action);

// Makes records by something of the administrator's own. One task at a time: what is outside often reads all records of
// a name and writes them back, and two at once would lose one.
class DnsHookPublisher : public DnsPublisher {
 public:
  void publish(const DnsValue& value, Done done) final;
  void withdraw(const DnsValue& value, Done done) final;

 protected:
  // Does it, and calls finished() later.
  virtual void begin(const HookTask& task) = 0;
  void finished(base::Result<> result);

 private:
  struct Waiting {
    HookTask task;
    Done done;
  };
  void add(HookTask::Action action, const DnsValue& value, Done done);

  std::deque<Waiting> waiting_;  // the first is under way
};

}  // namespace gate::acme

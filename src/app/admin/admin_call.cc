#include "app/admin/admin_call.h"

#include <sys/eventfd.h>

#include "app/admin/admin_message.h"
#include "app/admin/codes.h"
#include "base/check.h"

namespace gate::app {

void AdminOutbox::put(Line line) {
  {
    const std::scoped_lock lock(mutex_);
    lines_.push_back(std::move(line));
  }
  wake();
}

std::vector<AdminOutbox::Line> AdminOutbox::take() {
  eventfd_t ignored = 0;
  (void)::eventfd_read(wake_.number(), &ignored);
  const std::scoped_lock lock(mutex_);
  return std::exchange(lines_, {});
}

// A full counter means that the thread is awake already.
void AdminOutbox::wake() { (void)::eventfd_write(wake_.number(), 1); }

AdminCall::~AdminCall() {
  if (finished_) return;
  fail({.code = kAdminSilent, .side = base::Side::kSelf, .what = "the server ended before it had an answer"});
}

void AdminCall::progress(std::string_view text) {
  GATE_CHECK(!finished_);
  outbox_->put({.client = client_, .text = progress_line(text), .last = false});
}

void AdminCall::answer(const nlohmann::json& result) { finish(result_line(result)); }

void AdminCall::fail(const base::Error& error) { finish(error_line(error)); }

void AdminCall::finish(std::string line) {
  GATE_CHECK(!finished_);
  finished_ = true;
  outbox_->put({.client = client_, .text = std::move(line), .last = true});
}

}  // namespace gate::app

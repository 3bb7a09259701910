#include "app/admin/admin_connection.h"

#include <array>

#include "app/admin/admin_http.h"
#include "app/admin/admin_message.h"
#include "base/text.h"
#include "os/socket.h"

namespace gate::app {

void AdminConnection::on_readable() {
  std::array<std::byte, 4096> block;
  const os::IoResult result = os::receive(fd_.number(), block);
  if (result.state == os::IoState::kWouldBlock) return;
  if (result.state != os::IoState::kDone) {
    state_ = State::kFinished;
    return;
  }
  input_ += base::as_text(std::span(block).first(result.count));
  state_ = judge();
}

AdminConnection::State AdminConnection::judge() const {
  const auto http = looks_like_http(input_);
  if (!http) return State::kReading;
  if (*http) {
    if (http_head_length(input_) > 0) return State::kHttp;
    return input_.size() > kAdminHeadBytesMax ? State::kBad : State::kReading;
  }
  if (input_.contains('\n')) return State::kCommand;
  return input_.size() > kAdminRequestBytesMax ? State::kBad : State::kReading;
}

std::string AdminConnection::take_request() {
  const std::size_t end = state_ == State::kHttp ? http_head_length(input_) : input_.find('\n');
  state_ = State::kAnswering;
  deadline_ = base::Instant::max();
  return std::exchange(input_, {}).substr(0, end);
}

void AdminConnection::queue(std::string_view text, bool last, base::Instant now) {
  if (output_.empty()) deadline_ = now + kPatience;
  output_.append(text);
  last_queued_ = last_queued_ || last;
  on_writable(now);
}

void AdminConnection::on_writable(base::Instant now) {
  while (!output_.empty()) {
    const os::IoResult result = os::send(fd_.number(), output_.view());
    if (result.state == os::IoState::kWouldBlock) break;
    if (result.state != os::IoState::kDone) {
      state_ = State::kFinished;
      return;
    }
    output_.consume(result.count);
    deadline_ = now + kPatience;
  }
  if (!output_.empty()) return;
  deadline_ = base::Instant::max();
  if (last_queued_) state_ = State::kFinished;
}

}  // namespace gate::app

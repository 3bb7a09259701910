#include "app/log/stream_output.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace gate::app {
namespace {

std::size_t count_lines(std::string_view text) { return static_cast<std::size_t>(std::ranges::count(text, '\n')); }

}  // namespace

LogOutcome StreamOutput::write(std::span<const std::string_view> lines) {
  LogOutcome outcome;
  bool stuck = false;
  for (const std::string_view line : lines) {
    if (!fits(line) && !stuck) {
      flush(outcome);
      stuck = !fits(line);
    }
    if (fits(line)) {
      pending_.append(line);
    } else {
      ++outcome.dropped;
    }
  }
  flush(outcome);
  if (outcome.dropped > 0 && outcome.error == 0) outcome.error = EAGAIN;
  return outcome;
}

bool StreamOutput::reader_is_ready() const {
  pollfd wait{fd_.number(), POLLOUT, 0};
  return ::poll(&wait, 1, 0) == 1;
}

void StreamOutput::flush(LogOutcome& outcome) {
  std::size_t sent = 0;
  while (sent < pending_.size() && reader_is_ready()) {
    const ssize_t count = ::write(fd_.number(), pending_.data() + sent, std::min(kPieceBytes, pending_.size() - sent));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) break;
    if (count < 0) {
      outcome.error = errno;
      break;
    }
    sent += static_cast<std::size_t>(count);
  }
  outcome.written += count_lines(std::string_view(pending_).substr(0, sent));
  if (sent > 0) begun_ = pending_[sent - 1] != '\n';
  pending_.erase(0, sent);
  if (outcome.error != 0) drop_pending(outcome);
}

void StreamOutput::drop_pending(LogOutcome& outcome) {
  const std::size_t kept = begun_ ? pending_.find('\n') + 1 : 0;
  outcome.dropped += count_lines(std::string_view(pending_).substr(kept));
  pending_.resize(kept);
}

}  // namespace gate::app

#pragma once

#include <string>
#include <utility>

#include "app/log/log_output.h"
#include "os/fd.h"

namespace gate::app {

// A pipe, a terminal or another thing that is read at somebody's pace. What the reader does not take is held back up to
// a bound, then dropped.
class StreamOutput final : public LogOutput {
 public:
  explicit StreamOutput(os::Fd fd) : fd_(std::move(fd)) {}

  LogOutcome write(std::span<const std::string_view> lines) override;
  base::Result<void> reopen(bool) override { return {}; }
  bool has_pending() const override { return !pending_.empty(); }

 private:
  static constexpr std::size_t kPendingBytesMax = 256 * 1024;
  // A pipe that is ready takes this much without waiting (PIPE_BUF, pipe(7)), also when it is set to block: it may be
  // shared with a shell, so it is left as it is.
  static constexpr std::size_t kPieceBytes = 4096;

  bool fits(std::string_view line) const { return pending_.size() + line.size() <= kPendingBytesMax; }
  bool reader_is_ready() const;
  void flush(LogOutcome& outcome);
  void drop_pending(LogOutcome& outcome);

  os::Fd fd_;
  std::string pending_;
  bool begun_ = false;  // a part of the first pending line is out already: the rest of it must follow
};

}  // namespace gate::app

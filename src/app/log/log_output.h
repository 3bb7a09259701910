#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace gate::app {

// Where log lines end up.
struct LogDestination {
  enum class Kind : std::uint8_t { kFile, kStdout, kStderr };
  Kind kind = Kind::kStderr;
  std::string path{};  // of a file

  friend bool operator==(const LogDestination&, const LogDestination&) = default;
};

// "standard output", or the path.
std::string to_string(const LogDestination& destination);

// What became of a batch of lines.
struct LogOutcome {
  std::size_t written = 0;
  std::size_t dropped = 0;
  int error = 0;  // errno of what went wrong; 0 when nothing did
};

// One destination, open. Lines arrive whole or not at all. Used by the log writer's thread alone.
class LogOutput {
 public:
  virtual ~LogOutput() = default;

  // Never waits for a reader. Each line ends in a newline.
  virtual LogOutcome write(std::span<const std::string_view> lines) = 0;

  // Follows a file that was moved or deleted by opening its path anew; `always` also when it is where it was. On
  // failure the old file stays in use.
  virtual base::Result<void> reopen(bool always) = 0;

  // Whether lines are held back for a reader that is slow.
  virtual bool has_pending() const { return false; }
};

// A file is created with mode 0640 where it is missing, and only ever appended to.
base::Result<std::unique_ptr<LogOutput>> open_log_output(const LogDestination& destination);

}  // namespace gate::app

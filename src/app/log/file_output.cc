#include "app/log/file_output.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "app/log/codes.h"
#include "base/text.h"
#include "os/errno.h"
#include "os/file.h"

namespace gate::app {
namespace {

// What a crash in the middle of a write leaves behind. A file that may not be read is taken to be whole.
bool ends_in_a_part(const std::string& path) {
  const os::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  char last = '\n';
  if (!fd.valid() || ::lseek(fd.number(), -1, SEEK_END) < 0 || ::read(fd.number(), &last, 1) != 1) return false;
  return last != '\n';
}

}  // namespace

os::Fd open_log_file(const std::string& path) {
  // O_NONBLOCK: a pipe without a reader must not hold the start.
  constexpr int kFlags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  return os::Fd(::open(path.c_str(), kFlags, 0640));
}

FileOutput::FileOutput(std::string path, os::Fd fd) : path_(std::move(path)) { adopt(std::move(fd)); }

void FileOutput::adopt(os::Fd fd) {
  fd_ = std::move(fd);
  owes_newline_ = ends_in_a_part(path_);
}

LogOutcome FileOutput::write(std::span<const std::string_view> lines) {
  LogOutcome outcome;
  if (owes_newline_ && !os::write_all(fd_.number(), base::as_bytes("\n"))) {
    return {.written = 0, .dropped = lines.size(), .error = errno};
  }
  owes_newline_ = false;
  while (outcome.written < lines.size()) {
    const std::size_t written = write_some(lines.subspan(outcome.written));
    outcome.written += written;
    if (written == 0) {
      outcome.error = errno;
      outcome.dropped = lines.size() - outcome.written;
      return outcome;
    }
  }
  return outcome;
}

std::size_t FileOutput::write_some(std::span<const std::string_view> lines) {
  lines = lines.first(std::min(lines.size(), kBatchLines));
  std::array<iovec, kBatchLines> pieces;
  std::ranges::transform(lines, pieces.begin(), [](std::string_view line) {
    return iovec{.iov_base = const_cast<char*>(line.data()), .iov_len = line.size()};
  });
  ssize_t count = 0;
  do {
    count = ::writev(fd_.number(), pieces.data(), static_cast<int>(lines.size()));
  } while (count < 0 && errno == EINTR);
  if (count < 0) return 0;

  auto left = static_cast<std::size_t>(count);
  std::size_t whole = 0;
  while (whole < lines.size() && left >= lines[whole].size()) left -= lines[whole++].size();
  if (left > 0 && finish_line(lines[whole], left)) ++whole;
  return whole;
}

bool FileOutput::finish_line(std::string_view line, std::size_t written) {
  while (written < line.size()) {
    const ssize_t count = ::write(fd_.number(), line.data() + written, line.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const int number = errno;
      take_back(written);
      errno = number;
      return false;
    }
    written += static_cast<std::size_t>(count);
  }
  return true;
}

// Cuts the file back by what was just appended; not where another process has appended behind it meanwhile.
void FileOutput::take_back(std::size_t count) {
  const off_t end = ::lseek(fd_.number(), 0, SEEK_CUR);
  const auto facts = os::inspect(fd_.number());
  const bool last = facts && end >= static_cast<off_t>(count) && facts->size == static_cast<std::uint64_t>(end);
  owes_newline_ = !last || ::ftruncate(fd_.number(), end - static_cast<off_t>(count)) != 0;
}

base::Result<void> FileOutput::reopen(bool always) {
  if (!always && is_in_place()) return {};
  os::Fd fresh = open_log_file(path_);
  if (!fresh.valid()) {
    return base::fail(os::system_error(kLogMoved, fmt::format("cannot open the log {} anew", path_)));
  }
  adopt(std::move(fresh));
  return {};
}

bool FileOutput::is_in_place() const {
  const auto at_path = os::inspect(path_);
  const auto open = os::inspect(fd_.number());
  return at_path && open && at_path->same_file(*open);
}

}  // namespace gate::app

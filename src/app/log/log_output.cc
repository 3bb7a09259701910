#include "app/log/log_output.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "app/log/codes.h"
#include "app/log/file_output.h"
#include "app/log/stream_output.h"
#include "os/errno.h"
#include "os/file.h"

namespace gate::app {

std::string to_string(const LogDestination& destination) {
  switch (destination.kind) {
    case LogDestination::Kind::kFile: return destination.path;
    case LogDestination::Kind::kStdout: return "standard output";
    case LogDestination::Kind::kStderr: return "standard error";
  }
  return {};
}

base::Result<std::unique_ptr<LogOutput>> open_log_output(const LogDestination& destination) {
  const auto cannot_open = [&] {
    return base::fail(os::system_error(kCannotOpenLog, fmt::format("cannot open the log {}", to_string(destination))));
  };
  if (destination.kind != LogDestination::Kind::kFile) {
    const int number = destination.kind == LogDestination::Kind::kStdout ? STDOUT_FILENO : STDERR_FILENO;
    os::Fd copy(::fcntl(number, F_DUPFD_CLOEXEC, 3));
    if (!copy.valid()) return cannot_open();
    return std::make_unique<StreamOutput>(std::move(copy));
  }
  os::Fd fd = open_log_file(destination.path);
  if (!fd.valid()) return cannot_open();
  GATE_TRY_ASSIGN(const os::FileFacts facts, os::inspect(fd.number()));
  if (!facts.regular) return std::make_unique<StreamOutput>(std::move(fd));
  return std::make_unique<FileOutput>(destination.path, std::move(fd));
}

}  // namespace gate::app

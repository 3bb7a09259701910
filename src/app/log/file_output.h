#pragma once

#include <string>

#include "app/log/log_output.h"
#include "os/fd.h"

namespace gate::app {

// Opens a log file for appending. Invalid with errno set where that fails.
os::Fd open_log_file(const std::string& path);

// A regular file. What the disk has no room for is dropped, and a line that was begun is taken back.
class FileOutput final : public LogOutput {
 public:
  FileOutput(std::string path, os::Fd fd);

  LogOutcome write(std::span<const std::string_view> lines) override;
  base::Result<void> reopen(bool always) override;

 private:
  static constexpr std::size_t kBatchLines = 256;

  void adopt(os::Fd fd);
  bool is_in_place() const;

  // Writes a part of the lines in one call; the number of whole lines now in the file. None: errno says why.
  std::size_t write_some(std::span<const std::string_view> lines);
  bool finish_line(std::string_view line, std::size_t written);
  void take_back(std::size_t count);

  std::string path_;
  os::Fd fd_;
  bool owes_newline_ = false;  // the file ends in a part of a line
};

}  // namespace gate::app

#pragma once

#include <sys/stat.h>
#include <sys/time.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "base/check.h"
#include "os/temporary_folder_for_test.h"

namespace gate::os {

// A real folder to be served, with files made long enough ago to be trusted.
class ServedFolder {
 public:
  // 2026-07-01T00:00:00Z, half a year before the clock of the tests.
  static constexpr std::int64_t kModified = 1'782'864'000;

  std::string path(std::string_view name = "www") const { return temporary_.path(name); }

  void write(std::string_view name, std::string_view content, std::int64_t modified = kModified) {
    const std::filesystem::path path = temporary_.path("www/" + std::string(name));
    std::filesystem::create_directories(path.parent_path());
    // In place: the inode stays, as with an editor that writes over its file.
    std::ofstream(path, std::ios::trunc | std::ios::binary) << content;
    set_modified(name, modified);
  }

  // As a deployment does it: a new file takes the name of the old one.
  void replace(std::string_view name, std::string_view content, std::int64_t modified = kModified) {
    write("replacement", content, modified);
    std::filesystem::rename(path("www/replacement"), path("www/" + std::string(name)));
  }

  void set_modified(std::string_view name, std::int64_t seconds) {
    const timeval both[2]{{.tv_sec = seconds, .tv_usec = 0}, {.tv_sec = seconds, .tv_usec = 0}};
    GATE_CHECK(::utimes(path("www/" + std::string(name)).c_str(), both) == 0);
  }

  ServedFolder() { std::filesystem::create_directory(path()); }

 private:
  TemporaryFolder temporary_;
};

}  // namespace gate::os

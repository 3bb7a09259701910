#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "os/fd.h"
#include "os/file.h"

namespace gate::os {

// Notices when files change: written in place, replaced by rename, reached through another symbolic link, removed or
// created. It watches their folders, so it sees all of these, also for files that do not exist yet. Changes often come
// in groups (key and certificate): callers wait a moment before they act.
class FileWatcher {
 public:
  static base::Result<FileWatcher> create();

  // Readable when changed() may have something to say.
  int fd() const { return fd_.number(); }

  // Watches these files, and no others any more. An empty list ends all watching.
  base::Result<void> watch(const std::vector<std::string>& paths);

  // The watched files that changed since the last call, each once.
  std::vector<std::string> changed();

 private:
  struct State {
    bool exists = false;
    FileFacts facts;

    bool differs(const State& other) const;
  };
  struct Events {
    std::set<std::string> names;  // of files that were written or moved in; a folder's own name is not in it
    bool any = false;
    bool overflow = false;
  };

  explicit FileWatcher(Fd fd) : fd_(std::move(fd)) {}

  static State look_at(const std::string& path);
  base::Result<void> watch_folders();
  Events read_events();

  Fd fd_;
  std::map<std::string, State> files_;
  std::map<std::string, int> folders_;  // to the kernel's watch number
};

}  // namespace gate::os

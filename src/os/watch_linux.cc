#include <fmt/format.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>

#include "base/bytes.h"
#include "os/codes.h"
#include "os/errno.h"
#include "os/watch.h"

namespace gate::os {
namespace {

constexpr std::uint32_t kWatched = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE |
                                   IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB | IN_ONLYDIR;
constexpr std::uint32_t kContentArrived = IN_CLOSE_WRITE | IN_MOVED_TO;

// The folder of `path`; where it does not exist, the nearest one above that does, so that its creation is seen.
std::string existing_folder(const std::filesystem::path& path) {
  std::error_code error;
  auto folder = std::filesystem::absolute(path, error).parent_path();
  while (!std::filesystem::is_directory(folder, error) && folder.has_relative_path()) folder = folder.parent_path();
  return folder;
}

// The folder a file's name stands in and, through symbolic links, the one its content stands in.
std::set<std::string> folders_of(const std::string& path) {
  std::set<std::string> folders{existing_folder(path)};
  std::error_code error;
  const auto target = std::filesystem::canonical(path, error);
  if (!error) folders.insert(target.parent_path());
  return folders;
}

bool is_named(const std::string& path, const std::set<std::string>& names) {
  if (names.empty()) return false;
  if (names.contains(std::filesystem::path(path).filename())) return true;
  std::error_code error;
  const auto target = std::filesystem::canonical(path, error);
  return !error && names.contains(target.filename());
}

base::Error cannot_watch(const std::string& what) {
  const int number = errno;
  base::Error error = system_error(kCannotWatch, fmt::format("cannot watch {}", what), number);
  if (number == ENOSPC) error.fix = "raise fs.inotify.max_user_watches (sysctl)";
  if (number == EMFILE) error.fix = "raise fs.inotify.max_user_instances (sysctl)";
  return error;
}

}  // namespace

bool FileWatcher::State::differs(const State& other) const {
  if (exists != other.exists) return true;
  return exists &&
         (!facts.same_file(other.facts) || facts.modified != other.facts.modified || facts.size != other.facts.size ||
          facts.mode != other.facts.mode || facts.owner != other.facts.owner);
}

base::Result<FileWatcher> FileWatcher::create() {
  Fd fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!fd.valid()) return base::fail(cannot_watch("files"));
  return FileWatcher(std::move(fd));
}

base::Result<void> FileWatcher::watch(const std::vector<std::string>& paths) {
  std::map<std::string, State> files;
  for (const auto& path : paths) {
    const auto known = files_.find(path);
    files.emplace(path, known == files_.end() ? look_at(path) : known->second);
  }
  files_ = std::move(files);
  return watch_folders();
}

std::vector<std::string> FileWatcher::changed() {
  std::vector<std::string> paths;
  const Events events = read_events();
  if (!events.any) return paths;
  for (auto& [path, last] : files_) {
    const State now = look_at(path);
    // A rewrite within one tick of the file system's clock leaves the facts as they were; its event tells.
    if (events.overflow || now.differs(last) || (now.exists && is_named(path, events.names))) paths.push_back(path);
    last = now;
  }
  // Links may lead elsewhere now and folders may have come or gone. What cannot be watched now is found at the next
  // event of a folder above it.
  (void)watch_folders();
  return paths;
}

FileWatcher::State FileWatcher::look_at(const std::string& path) {
  const auto facts = inspect(path);
  return facts ? State{.exists = true, .facts = *facts} : State{};
}

base::Result<void> FileWatcher::watch_folders() {
  std::set<std::string> wanted;
  for (const auto& [path, state] : files_) wanted.merge(folders_of(path));
  std::map<std::string, int> watched;
  std::optional<base::Error> failure;
  for (const auto& folder : wanted) {
    // Also for folders watched already: the name may stand for another folder by now.
    const int number = ::inotify_add_watch(fd_.number(), folder.c_str(), kWatched);
    if (number >= 0) {
      watched[folder] = number;
    } else if (!failure) {
      failure = cannot_watch(folder);
    }
  }
  std::set<int> kept;
  for (const auto& [folder, number] : watched) kept.insert(number);
  for (const auto& [folder, number] : folders_) {
    if (!kept.contains(number)) ::inotify_rm_watch(fd_.number(), number);
  }
  folders_ = std::move(watched);
  if (failure) return base::fail(*std::move(failure));
  return {};
}

FileWatcher::Events FileWatcher::read_events() {
  Events events;
  alignas(inotify_event) std::array<char, 16 * 1024> block;
  while (true) {
    const ssize_t count = ::read(fd_.number(), block.data(), block.size());
    if (count <= 0) return events;
    std::size_t at = 0;
    while (at < static_cast<std::size_t>(count)) {
      inotify_event event{};
      base::copy_bytes(std::as_writable_bytes(std::span(&event, 1)),
                       std::as_bytes(std::span(block).subspan(at, sizeof event)));
      // The name is padded with zeros.
      if ((event.mask & kContentArrived) != 0 && event.len > 0) events.names.insert(block.data() + at + sizeof event);
      if ((event.mask & IN_IGNORED) == 0) events.any = true;
      if ((event.mask & IN_Q_OVERFLOW) != 0) events.overflow = true;
      at += sizeof event + event.len;
    }
  }
}

}  // namespace gate::os

#include "os/user.h"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <functional>

#include "base/text.h"
#include "os/codes.h"
#include "os/errno.h"

namespace gate::os {
namespace {

constexpr std::size_t kEntryBytesMax = std::size_t{1} << 20;  // a group of many members
constexpr int kGroupsMax = 65536;                             // NGROUPS_MAX of the kernel

// Calls one of the get…_r functions with a buffer that grows until the entry fits. Null when there is no such entry.
template <class Entry, class Call>
base::Result<Entry*> look_up(const std::string& name, Entry& entry, std::vector<char>& memory, Call call) {
  Entry* found = nullptr;
  for (memory.resize(1024); memory.size() <= kEntryBytesMax; memory.resize(memory.size() * 4)) {
    const int number = call(&entry, memory.data(), memory.size(), &found);
    if (number == 0) return found;
    if (number != ERANGE) return base::fail(system_error(kUnknownUser, fmt::format("cannot look up {}", name), number));
  }
  return base::fail(system_error(kUnknownUser, fmt::format("cannot look up {}", name), ERANGE));
}

std::vector<gid_t> groups_of(const passwd& entry) {
  int count = 64;
  std::vector<gid_t> groups(static_cast<std::size_t>(count));
  while (::getgrouplist(entry.pw_name, entry.pw_gid, groups.data(), &count) < 0 && count <= kGroupsMax) {
    groups.resize(static_cast<std::size_t>(count));
  }
  groups.resize(std::min(groups.size(), static_cast<std::size_t>(count)));
  return groups;
}

User to_user(const passwd& entry) {
  return {.name = entry.pw_name,
          .home = entry.pw_dir,
          .id = entry.pw_uid,
          .group = entry.pw_gid,
          .groups = groups_of(entry)};
}

base::Result<User> user_by_id(uid_t id) {
  passwd entry{};
  std::vector<char> memory;
  GATE_TRY_ASSIGN(const passwd* found, look_up(fmt::to_string(id), entry, memory, std::bind_front(::getpwuid_r, id)));
  if (found != nullptr) return to_user(*found);
  return base::fail({.code = kUnknownUser, .what = fmt::format("there is no user with the number {}", id)});
}

}  // namespace

base::Result<User> find_user(const std::string& name) {
  passwd entry{};
  std::vector<char> memory;
  GATE_TRY_ASSIGN(const passwd* found, look_up(name, entry, memory, std::bind_front(::getpwnam_r, name.c_str())));
  if (found != nullptr) return to_user(*found);
  if (const auto id = base::parse_number<uid_t>(name)) return user_by_id(*id);
  return base::fail({.code = kUnknownUser,
                     .side = base::Side::kConfiguration,
                     .what = fmt::format("there is no user \"{}\"", name),
                     .fix = fmt::format("create it: useradd --system --shell /usr/sbin/nologin {}", name)});
}

base::Result<User> current_user() { return user_by_id(::geteuid()); }

base::Result<gid_t> find_group(const std::string& name) {
  group entry{};
  std::vector<char> memory;
  GATE_TRY_ASSIGN(const group* found, look_up(name, entry, memory, std::bind_front(::getgrnam_r, name.c_str())));
  if (found != nullptr) return found->gr_gid;
  if (const auto id = base::parse_number<gid_t>(name)) return *id;
  return base::fail({.code = kUnknownUser,
                     .side = base::Side::kConfiguration,
                     .what = fmt::format("there is no group \"{}\"", name),
                     .fix = fmt::format("create it: groupadd --system {}", name)});
}

std::string user_name(uid_t id) {
  const auto user = user_by_id(id);
  return user ? user->name : fmt::to_string(id);
}

}  // namespace gate::os

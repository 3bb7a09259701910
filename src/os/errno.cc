#include "os/errno.h"

#include <system_error>
#include <utility>

namespace gate::os {
namespace {

std::string fix_for(int number) {
  switch (number) {
    case EACCES:
    case EPERM: return "run it as a user who may, or give this user the right (ls -ld shows who has it)";
    case ENOENT: return "check the spelling of the path, or create it";
    case ENOSPC: return "free some room on that file system (df -h shows it)";
    case EDQUOT: return "free some room, or have the user's quota raised";
    case EROFS: return "the file system is mounted read-only: choose another folder, or remount it";
    case EMFILE:
    case ENFILE: return "raise the limit of open files (LimitNOFILE= in the unit, ulimit -n in a shell)";
    default: return {};
  }
}

}  // namespace

std::string errno_text(int number) { return std::generic_category().message(number); }

base::Error system_error(base::ErrorCode code, std::string what, int number) {
  const bool may_pass =
      number == EAGAIN || number == ENOSPC || number == EMFILE || number == ENFILE || number == ENOMEM;
  return {.code = code,
          .side = base::Side::kSystem,
          .retry = may_pass ? base::Retry::kLater : base::Retry::kNever,
          .what = std::move(what),
          .why = errno_text(number),
          .fix = fix_for(number)};
}

}  // namespace gate::os

#include "http/file_refusal.h"

#include "http/codes.h"

namespace gate::http {

Refusal refusal_of(os::Miss miss) {
  switch (miss) {
    case os::Miss::kForbidden: return {403, kFileForbidden, "the file's permissions keep the server out"};
    case os::Miss::kLeavesRoot: return {404, kLinkLeavesRoot, "a symbolic link leads out of the folder"};
    case os::Miss::kSpecial: return {404, kSpecialFile, "a device, a pipe or a socket"};
    case os::Miss::kExhausted:
      return {503, kTooManyOpenFiles, "too many open files, or a folder that changes too fast"};
    case os::Miss::kAbsent:
    case os::Miss::kFolder:
    case os::Miss::kBroken: break;
  }
  return {500, kCannotRead, "the folder or the file cannot be read"};
}

}  // namespace gate::http

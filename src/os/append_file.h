#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "os/file.h"

// For files that several processes add to.
namespace gate::os {

// Makes `bytes` the end of the file at `path`, behind its first `kept` bytes: what else stood there is cut off. Creates
// the file with `mode` when there is none. On disk when it returns; after a crash or a failure a part of `bytes` may be
// there, which the caller must be able to tell.
base::Result<void> write_behind(const std::string& path, std::uint64_t kept, std::string_view bytes, mode_t mode);

// As FileLock::acquire, but waits for others up to two seconds: for locks that are held for milliseconds.
base::Result<FileLock> wait_for_lock(const std::string& path);

}  // namespace gate::os

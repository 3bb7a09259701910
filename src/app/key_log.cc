#include "app/key_log.h"

#include <fcntl.h>

#include <memory>

#include "base/text.h"
#include "os/codes.h"
#include "os/errno.h"
#include "os/file.h"

namespace gate::app {

base::Result<tls::KeyLog> open_key_log(const std::string& path) {
  if (path.empty()) return tls::KeyLog();
  constexpr mode_t kOwnerOnly = 0600;
  auto file = std::make_shared<os::Fd>(
      ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kOwnerOnly));
  if (!file->valid()) return base::fail(os::system_error(os::kCannotWriteFile, "cannot open the key log " + path));
  return tls::KeyLog([file](std::string_view line) {
    const std::string whole = std::string(line) + "\n";
    // A full disk costs the debugger a line; the connection goes on.
    [[maybe_unused]] const bool written = os::write_all(file->number(), base::as_bytes(whole));
  });
}

}  // namespace gate::app

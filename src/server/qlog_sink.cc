#include "server/qlog_sink.h"

#include <fcntl.h>
#include <fmt/format.h>

#include "os/file.h"

namespace gate::server {

void QlogSink::write(std::uint64_t connection_id, base::ByteView bytes, bool last) {
  auto file = files_.find(connection_id);
  if (file == files_.end()) {
    if (folder_.empty() || files_.size() >= kFilesMax) return;
    const std::string path = fmt::format("{}/{:016x}.sqlog", folder_, connection_id);
    constexpr mode_t kOwnerAlone = 0600;
    os::Fd opened(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kOwnerAlone));
    if (!opened.valid()) return;  // a lost qlog harms nobody
    file = files_.emplace(connection_id, std::move(opened)).first;
  }
  const bool written = os::write_all(file->second.number(), bytes);
  if (!written || last) files_.erase(file);
}

}  // namespace gate::server

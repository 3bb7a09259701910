#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/bytes.h"
#include "os/fd.h"

namespace gate::server {

// Writes the qlog of each QUIC connection to a file of its own (draft-ietf-quic-qlog-main-schema, JSON text sequences).
// For looking into a problem: it writes on the worker's thread.
class QlogSink {
 public:
  // Files open at once; connections beyond have none.
  static constexpr std::size_t kFilesMax = 256;

  // Where files go; empty: nowhere.
  void use(std::string folder) { folder_ = std::move(folder); }

  void write(std::uint64_t connection_id, base::ByteView bytes, bool last);

 private:
  std::string folder_;
  std::map<std::uint64_t, os::Fd> files_;
};

}  // namespace gate::server

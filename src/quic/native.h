#pragma once

#include <ngtcp2/ngtcp2.h>

#include <limits>

#include "base/bytes.h"
#include "base/clock.h"
#include "quic/connection_id.h"
#include "quic/path.h"

// Small bridges to the QUIC library, for sources of this folder only.
namespace gate::quic {

inline base::ByteView native_bytes(const std::uint8_t* data, std::size_t size) {
  return std::as_bytes(std::span(data, size));
}
inline const std::uint8_t* native_data(base::ByteView bytes) {
  return reinterpret_cast<const std::uint8_t*>(bytes.data());
}
inline std::uint8_t* native_room(std::span<std::byte> bytes) { return reinterpret_cast<std::uint8_t*>(bytes.data()); }

inline ngtcp2_tstamp native_time(base::Instant time) {
  return static_cast<ngtcp2_tstamp>(std::chrono::nanoseconds(time.time_since_epoch()).count());
}

inline base::Instant instant_of(ngtcp2_tstamp time) {
  constexpr auto kMax = static_cast<ngtcp2_tstamp>(std::numeric_limits<base::Instant::rep>::max());
  return time >= kMax ? base::Instant::max() : base::Instant(base::Duration(static_cast<base::Instant::rep>(time)));
}

inline ngtcp2_duration native_duration(base::Duration duration) {
  return static_cast<ngtcp2_duration>(duration.count());
}

ngtcp2_cid native_id(const ConnectionId& id);
ConnectionId id_of(const ngtcp2_cid& id);

// A path in the library's form. It points into itself, so it is neither copied nor moved.
class NativePath {
 public:
  NativePath() { ngtcp2_path_storage_zero(&storage_); }
  explicit NativePath(const Path& path);
  NativePath(const NativePath&) = delete;
  NativePath& operator=(const NativePath&) = delete;

  ngtcp2_path* get() { return &storage_.path; }

 private:
  ngtcp2_path_storage storage_;
};

Path path_of(const ngtcp2_path& path);

}  // namespace gate::quic

#pragma once

#include <cstddef>
#include <cstdint>

#include "base/buffer.h"
#include "http/body.h"

namespace gate::http::h1 {

// How the end of a body is told (RFC 9112 6.3).
enum class BodyCoding : std::uint8_t { kNone, kLength, kChunked, kUntilClose };

// Writes one body and the framing around it.
class BodyWriter {
 public:
  // `length` is the body's, for kLength.
  void begin(BodyCoding coding, std::uint64_t length = 0);

  // Whether there is nothing to write, not even an end.
  bool has_none() const { return coding_ == BodyCoding::kNone; }

  // Pulls `body` into `out` until that holds about `limit` bytes (kData), the body ends (kEnd: the message is
  // complete), has nothing now (kWait) or cannot be completed (kFailed). Not for kNone.
  BodyRead::State write(BodySource& body, base::Buffer& out, std::size_t limit);

  // Bytes of the body so far, without framing.
  std::uint64_t written() const { return written_; }

 private:
  BodyRead::State write_plain(BodySource& body, base::Buffer& out, std::size_t room);
  BodyRead::State write_chunk(BodySource& body, base::Buffer& out, std::size_t room);

  BodyCoding coding_ = BodyCoding::kNone;
  std::uint64_t length_rest_ = 0;
  std::uint64_t written_ = 0;
};

}  // namespace gate::http::h1

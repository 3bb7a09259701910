#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace gate::http {

// The bounds of one connection and its requests. The comment on each names what it stops; `limit` statements of the
// configuration set them.
struct Limits {
  // A request line or :path that eats memory before anything is known of the request. 414.
  std::size_t target_bytes_max = 8 * 1024;
  // The field section, names and values and 32 bytes a line as RFC 9113 6.5.2 counts it. 431.
  std::size_t header_bytes_max = 64 * 1024;
  // Many tiny lines: cost a line is more than its bytes. 431.
  std::size_t header_lines_max = 128;
  // An upload nobody asked for. 413. Services that take uploads raise it for themselves.
  std::uint64_t body_bytes_max = std::uint64_t{1} << 30;
  // Chunk extensions are ignored bytes: an attacker's free amplifier. 400.
  std::size_t chunk_extension_bytes_max = 256;
  // Streams open at once on a connection (SETTINGS_MAX_CONCURRENT_STREAMS).
  std::uint32_t streams_max = 128;
  // Interim responses (1xx) of one exchange, counted as a header section is: an upstream that sends them without end.
  std::size_t interim_bytes_max = 64 * 1024;
  // Requests on one connection, so that memory held by long connections returns and load can move.
  std::uint64_t requests_per_connection_max = 1'000'000;
  // Unread request body that is thrown away to keep a connection usable, before it is closed instead.
  std::size_t discarded_body_bytes_max = 256 * 1024;

  // From the accept to the end of the TLS handshake: half-open handshakes cost memory.
  std::chrono::milliseconds handshake_timeout{10'000};
  // From the first byte of a request to the end of its head: slowloris.
  std::chrono::milliseconds header_timeout{10'000};
  // Between requests.
  std::chrono::milliseconds idle_timeout{75'000};
  // A body, or a reader of a response, that makes no progress at all.
  std::chrono::milliseconds stall_timeout{30'000};
  // Slower than this for longer than `body_grace`: slow POST, and slow read. Bytes a second.
  std::uint32_t body_rate_min = 240;
  std::chrono::milliseconds body_grace{10'000};
  // After the last response of a closing connection, for the peer to take it.
  std::chrono::milliseconds linger_timeout{2'000};
};

}  // namespace gate::http

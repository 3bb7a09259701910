#pragma once

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <span>

namespace gate::http::h2 {

// Where an nghttp2 session takes its memory from. nghttp2 holds a frame buffer of 16 KB from its birth to its death,
// and uses it only while it makes frames; put into the worker's scratch, it is no weight on an idle connection.
class SessionMemory {
 public:
  // `scratch` outlives the session; when it is too small the session has a buffer of its own.
  explicit SessionMemory(std::span<std::byte> scratch) : scratch_(scratch) {}
  SessionMemory(const SessionMemory&) = delete;
  SessionMemory& operator=(const SessionMemory&) = delete;

  // For the making of the session; has to stay in place as long as the session lives.
  nghttp2_mem interface();

  // The session is made: from now on large pieces are not its frame buffer.
  void made() { making_ = false; }

 private:
  static void* allocate(std::size_t size, void* self);
  static void* allocate_zeroed(std::size_t count, std::size_t size, void* self);
  static void* reallocate(void* old, std::size_t size, void* self);
  static void release(void* memory, void* self);

  std::span<std::byte> scratch_;
  bool making_ = true;
};

}  // namespace gate::http::h2

#include "http/h2/session_memory.h"

#include <cstdlib>

#include "base/check.h"

namespace gate::http::h2 {
namespace {

// A frame of the least size that every peer takes (RFC 9113 4.2). Nothing else a new session asks for is as large.
constexpr std::size_t kFrameBytes = 16'384;

}  // namespace

nghttp2_mem SessionMemory::interface() {
  return {.mem_user_data = this, .malloc = allocate, .free = release, .calloc = allocate_zeroed, .realloc = reallocate};
}

// NOLINTBEGIN(cppcoreguidelines-no-malloc): nghttp2 wants an allocator with the meaning of C's
void* SessionMemory::allocate(std::size_t size, void* self) {
  auto& memory = *static_cast<SessionMemory*>(self);
  const bool is_frame_buffer = memory.making_ && size > kFrameBytes && size <= memory.scratch_.size();
  return is_frame_buffer ? memory.scratch_.data() : std::malloc(size);
}

void* SessionMemory::allocate_zeroed(std::size_t count, std::size_t size, void*) { return std::calloc(count, size); }

void* SessionMemory::reallocate(void* old, std::size_t size, void* self) {
  if (!old) return allocate(size, self);
  GATE_CHECK(old != static_cast<SessionMemory*>(self)->scratch_.data());
  return std::realloc(old, size);
}

void SessionMemory::release(void* memory, void* self) {
  if (memory != static_cast<SessionMemory*>(self)->scratch_.data()) std::free(memory);
}
// NOLINTEND(cppcoreguidelines-no-malloc)

}  // namespace gate::http::h2

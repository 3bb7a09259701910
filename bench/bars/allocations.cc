#include "bench/bars/allocations.h"

#include <cerrno>
#include <cstddef>

// The C library's own functions, behind the names that the program takes over below. operator new calls malloc.
extern "C" {
void* __libc_malloc(std::size_t);                 // NOLINT(bugprone-reserved-identifier)
void* __libc_calloc(std::size_t, std::size_t);    // NOLINT(bugprone-reserved-identifier)
void* __libc_realloc(void*, std::size_t);         // NOLINT(bugprone-reserved-identifier)
void* __libc_memalign(std::size_t, std::size_t);  // NOLINT(bugprone-reserved-identifier)
}

namespace {

std::size_t count = 0;

}  // namespace

extern "C" {

void* malloc(std::size_t bytes) {
  ++count;
  return __libc_malloc(bytes);
}

void* calloc(std::size_t things, std::size_t bytes) {
  ++count;
  return __libc_calloc(things, bytes);
}

void* realloc(void* memory, std::size_t bytes) {
  ++count;
  return __libc_realloc(memory, bytes);
}

void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
  ++count;
  return __libc_memalign(alignment, bytes);
}

int posix_memalign(void** memory, std::size_t alignment, std::size_t bytes) {
  ++count;
  *memory = __libc_memalign(alignment, bytes);
  return *memory ? 0 : ENOMEM;
}

}  // extern "C"

namespace gate::bench {

std::size_t allocations() { return count; }

}  // namespace gate::bench

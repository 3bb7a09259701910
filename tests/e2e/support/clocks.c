// Clocks that a test sets while the program runs: preloaded, it adds what stands in a file of two numbers of eight bytes
// to CLOCK_REALTIME and to CLOCK_MONOTONIC. The first alone is an administrator who sets the time; both are time that
// has passed. By system calls alone: a sanitizer's allocator asks for the time before anything else works.

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct offsets {
  int64_t wall;  // seconds
  int64_t monotonic;
};
static const volatile struct offsets* offsets;

__attribute__((constructor)) static void open_offsets(void) {
  const char* path = getenv("GATE443_TEST_CLOCK");
  const int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  void* memory = file < 0 ? MAP_FAILED : mmap(NULL, sizeof *offsets, PROT_READ, MAP_SHARED, file, 0);
  if (memory == MAP_FAILED) _exit(99);
  close(file);
  offsets = memory;
}

int clock_gettime(clockid_t clock, struct timespec* now) {
  const int result = (int)syscall(SYS_clock_gettime, clock, now);
  if (result != 0 || !offsets) return result;
  if (clock == CLOCK_REALTIME) now->tv_sec += offsets->wall;
  if (clock == CLOCK_MONOTONIC) now->tv_sec += offsets->monotonic;
  return result;
}

int gettimeofday(struct timeval* restrict now, void* restrict zone) {
  struct timespec exact;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &exact);
  now->tv_sec = exact.tv_sec;
  now->tv_usec = exact.tv_nsec / 1000;
  return 0;
}

time_t time(time_t* result) {
  struct timespec exact;
  clock_gettime(CLOCK_REALTIME, &exact);
  if (result) *result = exact.tv_sec;
  return exact.tv_sec;
}

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "observe/counter.h"

namespace gate::observe {

// Told that a ring is half full, so that its reader should come before its usual time. Called on the writer's thread,
// once for each time the reader has caught up; must not block.
class RingReaderWaker {
 public:
  virtual void wake_reader() = 0;

 protected:
  ~RingReaderWaker() = default;
};

// A queue of records of various sizes from one thread to one other, in one block of memory. Never blocks and never
// allocates: a record that finds no room is counted as dropped. Each record is contiguous.
class RecordRing {
 public:
  // `bytes` is a power of two. `waker`, if any, outlives the ring.
  explicit RecordRing(std::size_t bytes, RingReaderWaker* waker = nullptr);
  RecordRing(const RecordRing&) = delete;
  RecordRing& operator=(const RecordRing&) = delete;

  // The writer's side.

  // Room for a record of up to `bytes_max`, at most a quarter of the ring; empty, and counted as dropped, when there is
  // none. Valid until commit() or the next reserve(), which forgets it.
  std::span<std::byte> reserve(std::size_t bytes_max);

  // Publishes the first `count` reserved bytes as a record; `count` is above zero.
  void commit(std::size_t count);

  bool push(base::ByteView record);

  // Any thread.
  std::uint64_t dropped() const { return dropped_.value(); }

  // The reader's side.

  // The next unread record; nothing when there is none. Valid until release().
  std::optional<base::ByteView> next();

  // Gives back the room of all records that next() has yielded.
  void release();

 private:
  static constexpr std::size_t kHeaderBytes = 8;  // keeps records aligned; a length fits in half of it
  static constexpr std::uint32_t kSkipToStart = 0xffffffff;

  std::size_t offset(std::uint64_t position) const { return static_cast<std::size_t>(position & (size_ - 1)); }
  void write_header(std::uint64_t position, std::uint32_t value);
  std::uint32_t read_header(std::uint64_t position) const;
  bool has_room(std::size_t count);

  const std::size_t size_;
  const std::unique_ptr<std::byte[]> memory_;
  RingReaderWaker* const waker_;

  // Positions grow for ever; a cache line for each side, so that they do not take it from each other.
  struct alignas(64) {
    std::atomic<std::uint64_t> published{0};
    std::uint64_t position = 0;       // where the reserved record begins
    std::uint64_t released_seen = 0;  // the reader's position when last looked at
  } writer_;
  struct alignas(64) {
    std::atomic<std::uint64_t> released{0};
    std::uint64_t position = 0;
    std::uint64_t published_seen = 0;
  } reader_;
  alignas(64) std::atomic<bool> wake_asked_{false};
  Counter dropped_;
};

}  // namespace gate::observe

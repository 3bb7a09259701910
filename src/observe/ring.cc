#include "observe/ring.h"

#include <bit>

#include "base/check.h"

namespace gate::observe {
namespace {

constexpr std::size_t padded(std::size_t count) { return (count + 7) & ~std::size_t{7}; }

}  // namespace

RecordRing::RecordRing(std::size_t bytes, RingReaderWaker* waker)
    : size_(bytes), memory_(std::make_unique_for_overwrite<std::byte[]>(bytes)), waker_(waker) {
  GATE_CHECK(std::has_single_bit(bytes) && bytes >= 64 && bytes <= (std::size_t{1} << 31));
}

std::span<std::byte> RecordRing::reserve(std::size_t bytes_max) {
  const std::size_t needed = kHeaderBytes + padded(bytes_max);
  GATE_CHECK(needed <= size_ / 4);
  writer_.position = writer_.published.load(std::memory_order_relaxed);
  const std::size_t to_end = size_ - offset(writer_.position);
  const std::size_t skipped = to_end < needed ? to_end : 0;
  if (!has_room(skipped + needed)) {
    dropped_.add();
    return {};
  }
  if (skipped > 0) {
    write_header(writer_.position, kSkipToStart);
    writer_.position += skipped;
  }
  return {memory_.get() + offset(writer_.position) + kHeaderBytes, bytes_max};
}

void RecordRing::commit(std::size_t count) {
  GATE_CHECK(count > 0 && count <= size_ / 4);
  write_header(writer_.position, static_cast<std::uint32_t>(count));
  const std::uint64_t end = writer_.position + kHeaderBytes + padded(count);
  writer_.published.store(end, std::memory_order_release);
  if (waker_ == nullptr || end - writer_.released_seen < size_ / 2) return;
  // The view of the reader's position may be old: look again before waking it.
  writer_.released_seen = reader_.released.load(std::memory_order_acquire);
  if (end - writer_.released_seen < size_ / 2) return;
  if (!wake_asked_.load(std::memory_order_relaxed) && !wake_asked_.exchange(true, std::memory_order_relaxed)) {
    waker_->wake_reader();
  }
}

bool RecordRing::push(base::ByteView record) {
  const auto room = reserve(record.size());
  if (room.empty()) return false;
  base::copy_bytes(room, record);
  commit(record.size());
  return true;
}

bool RecordRing::has_room(std::size_t count) {
  const std::uint64_t end = writer_.position + count;
  if (end - writer_.released_seen <= size_) return true;
  writer_.released_seen = reader_.released.load(std::memory_order_acquire);
  return end - writer_.released_seen <= size_;
}

std::optional<base::ByteView> RecordRing::next() {
  if (reader_.position == reader_.published_seen) {
    reader_.published_seen = writer_.published.load(std::memory_order_acquire);
    if (reader_.position == reader_.published_seen) return std::nullopt;
  }
  if (read_header(reader_.position) == kSkipToStart) reader_.position += size_ - offset(reader_.position);
  const std::uint32_t count = read_header(reader_.position);
  const base::ByteView record{memory_.get() + offset(reader_.position) + kHeaderBytes, count};
  reader_.position += kHeaderBytes + padded(count);
  return record;
}

void RecordRing::release() {
  reader_.released.store(reader_.position, std::memory_order_release);
  wake_asked_.store(false, std::memory_order_relaxed);
}

void RecordRing::write_header(std::uint64_t position, std::uint32_t value) {
  base::copy_bytes({memory_.get() + offset(position), kHeaderBytes}, std::as_bytes(std::span(&value, 1)));
}

std::uint32_t RecordRing::read_header(std::uint64_t position) const {
  std::uint32_t value = 0;
  base::copy_bytes(std::as_writable_bytes(std::span(&value, 1)),
                   {memory_.get() + offset(position), sizeof(std::uint32_t)});
  return value;
}

}  // namespace gate::observe

#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"
#include "base/text.h"

namespace gate::base {

// A byte queue in one block of memory: bytes are appended at the back and consumed at the front. Memory beyond
// the content is left uninitialised, and `release` gives all of it back, so an idle owner holds none.
class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    Buffer taken(std::move(other));
    swap(taken);
    return *this;
  }

  std::size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }
  ByteView view() const { return {data_.get() + begin_, size()}; }
  std::size_t capacity() const { return capacity_; }

  // At least `count` writable bytes behind the content; valid until the next call on the buffer.
  std::span<std::byte> prepare(std::size_t count) {
    if (capacity_ - end_ < count) make_room(count);
    return {data_.get() + end_, capacity_ - end_};
  }

  // Counts the first `count` prepared bytes as content.
  void commit(std::size_t count) {
    GATE_CHECK(count <= capacity_ - end_);
    end_ += count;
  }

  void append(ByteView bytes) {
    copy_bytes(prepare(bytes.size()), bytes);
    commit(bytes.size());
  }
  void append(std::string_view text) { append(as_bytes(text)); }

  void consume(std::size_t count) {
    GATE_CHECK(count <= size());
    begin_ += count;
    if (begin_ == end_) begin_ = end_ = 0;
  }

  void clear() { begin_ = end_ = 0; }

  // Forgets the content and frees the memory.
  void release() { *this = Buffer(); }

 private:
  void swap(Buffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(capacity_, other.capacity_);
    std::swap(begin_, other.begin_);
    std::swap(end_, other.end_);
  }

  void make_room(std::size_t count) {
    const std::size_t needed = size() + count;
    if (needed > capacity_) {
      const std::size_t grown = std::max(needed, capacity_ * 2);
      auto larger = std::make_unique_for_overwrite<std::byte[]>(grown);
      copy_bytes({larger.get(), grown}, view());
      data_ = std::move(larger);
      capacity_ = grown;
    } else {
      std::copy_n(data_.get() + begin_, size(), data_.get());
    }
    end_ -= begin_;
    begin_ = 0;
  }

  std::unique_ptr<std::byte[]> data_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace gate::base

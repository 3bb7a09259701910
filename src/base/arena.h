#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "base/text.h"

namespace gate::base {

// Hands out equal blocks of memory and keeps a bounded number of returned ones, so that arenas of one worker
// live without the allocator. Not thread-safe: one a worker.
class BlockPool {
 public:
  static constexpr std::size_t kBlockBytes = 4096;
  static constexpr std::size_t kKeptBlocksMax = 1024;

  using Block = std::unique_ptr<std::byte[]>;

  Block take() {
    if (free_.empty()) return std::make_unique_for_overwrite<std::byte[]>(kBlockBytes);
    Block block = std::move(free_.back());
    free_.pop_back();
    return block;
  }

  void give_back(Block block) {
    if (free_.size() < kKeptBlocksMax) free_.push_back(std::move(block));
  }

 private:
  std::vector<Block> free_;
};

// Memory with one lifetime: everything allocated here dies together when the arena is cleared or destroyed. Only
// for objects without destructors. The pool outlives the arena.
class Arena {
 public:
  explicit Arena(BlockPool& pool) : pool_(pool) {}
  ~Arena() { clear(); }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Uninitialised memory, aligned for any ordinary object.
  std::span<std::byte> allocate(std::size_t count) {
    constexpr std::size_t kAlign = alignof(std::max_align_t);
    const std::size_t rounded = (count + kAlign - 1) & ~(kAlign - 1);
    if (rounded > room_.size()) return allocate_slowly(count, rounded);
    const auto taken = room_.first(count);
    room_ = room_.subspan(rounded);
    return taken;
  }

  // A copy of `text` that lives as long as the arena.
  std::string_view copy(std::string_view text) {
    const auto memory = allocate(text.size());
    copy_bytes(memory, as_bytes(text));
    return as_text(memory);
  }

  template <class T, class... Arguments>
  T* make(Arguments&&... arguments) {
    static_assert(std::is_trivially_destructible_v<T>, "an arena never runs destructors");
    return std::construct_at(reinterpret_cast<T*>(allocate(sizeof(T)).data()), std::forward<Arguments>(arguments)...);
  }

  template <class T>
  std::span<T> make_array(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T>, "an arena never runs destructors");
    GATE_CHECK(count <= kLargestBytes / sizeof(T));
    T* first = reinterpret_cast<T*>(allocate(sizeof(T) * count).data());
    std::uninitialized_value_construct_n(first, count);
    return {first, count};
  }

  void clear() {
    for (auto& block : blocks_) pool_.give_back(std::move(block));
    blocks_.clear();
    large_.clear();
    room_ = {};
  }

 private:
  static constexpr std::size_t kLargestBytes = std::size_t{1} << 30;

  std::span<std::byte> allocate_slowly(std::size_t count, std::size_t rounded) {
    if (rounded > BlockPool::kBlockBytes / 4) {
      large_.push_back(std::make_unique_for_overwrite<std::byte[]>(rounded));
      return {large_.back().get(), count};
    }
    blocks_.push_back(pool_.take());
    room_ = {blocks_.back().get(), BlockPool::kBlockBytes};
    return allocate(count);
  }

  BlockPool& pool_;
  std::span<std::byte> room_;
  std::vector<BlockPool::Block> blocks_;
  std::vector<std::unique_ptr<std::byte[]>> large_;
};

}  // namespace gate::base

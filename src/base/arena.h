#pragma once

#include <algorithm>
#include <array>
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

  // Blocks form chains through `next`, so that neither the pool nor an arena needs memory to remember them.
  struct Block {
    std::unique_ptr<Block> next;
    alignas(std::max_align_t) std::array<std::byte, kBlockBytes - alignof(std::max_align_t)> bytes;
  };
  static_assert(sizeof(Block) == kBlockBytes);

  BlockPool() = default;
  ~BlockPool() {
    while (free_) free_ = std::move(free_->next);  // one at a time: a long chain would recurse deeply
  }
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;

  std::unique_ptr<Block> take() {
    if (!free_) return std::make_unique_for_overwrite<Block>();
    auto block = std::move(free_);
    free_ = std::move(block->next);
    --kept_;
    return block;
  }

  void give_back(std::unique_ptr<Block> block) {
    if (kept_ == kKeptBlocksMax) return;
    block->next = std::move(free_);
    free_ = std::move(block);
    ++kept_;
  }

 private:
  std::unique_ptr<Block> free_;
  std::size_t kept_ = 0;
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
    while (blocks_) {
      auto rest = std::move(blocks_->next);
      pool_.give_back(std::move(blocks_));
      blocks_ = std::move(rest);
    }
    large_.clear();
    room_ = {};
  }

 private:
  static constexpr std::size_t kLargestBytes = std::size_t{1} << 30;

  std::span<std::byte> allocate_slowly(std::size_t count, std::size_t rounded) {
    auto block = rounded > sizeof(BlockPool::Block::bytes) ? nullptr : pool_.take();
    if (!block) {
      large_.push_back(std::make_unique_for_overwrite<std::byte[]>(rounded));
      return {large_.back().get(), count};
    }
    block->next = std::move(blocks_);
    blocks_ = std::move(block);
    room_ = blocks_->bytes;
    return allocate(count);
  }

  BlockPool& pool_;
  std::span<std::byte> room_;
  std::unique_ptr<BlockPool::Block> blocks_;
  std::vector<std::unique_ptr<std::byte[]>> large_;
};

}  // namespace gate::base

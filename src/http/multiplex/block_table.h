#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <utility>

#include "base/arena.h"
#include "base/check.h"
#include "base/intrusive_list.h"

namespace gate::http::multiplex {

// Owns the objects of one kind on a connection. Each stands in a block of the worker's pool, so that opening one costs
// no allocation and an idle connection holds nothing. T is a ListNode<Tag>, and has a member `home` for its block.
template <class T, class Tag>
class BlockTable {
 public:
  explicit BlockTable(base::BlockPool& blocks) : blocks_(blocks) {}
  ~BlockTable() { GATE_CHECK(size_ == 0); }
  BlockTable(const BlockTable&) = delete;
  BlockTable& operator=(const BlockTable&) = delete;

  template <class... Arguments>
  T& open(Arguments&&... arguments) {
    static_assert(sizeof(T) <= sizeof(base::BlockPool::Block::bytes));
    static_assert(alignof(T) <= alignof(std::max_align_t));
    auto block = blocks_.take();
    T& item = *std::construct_at(reinterpret_cast<T*>(block->bytes.data()), std::forward<Arguments>(arguments)...);
    item.home = std::move(block);
    items_.push_back(item);
    ++size_;
    return item;
  }

  void close(T& item) {
    auto block = std::move(item.home);
    std::destroy_at(&item);
    blocks_.give_back(std::move(block));
    --size_;
  }

  // What its block has left, for the object's own use.
  static std::span<std::byte> rest_of(T& item) { return std::span(item.home->bytes).subspan(sizeof(T)); }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // `visit(item)` may close the item it is given.
  template <class Visit>
  void for_each(Visit visit) {
    items_.for_each(visit);
  }

 private:
  base::BlockPool& blocks_;
  base::IntrusiveList<T, Tag> items_;
  std::size_t size_ = 0;
};

}  // namespace gate::http::multiplex

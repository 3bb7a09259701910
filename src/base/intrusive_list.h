#pragma once

#include "base/check.h"

namespace gate::base {

// A member of an IntrusiveList. Derive from it with a tag where an object is in several lists. Leaves its list
// when destroyed.
template <class Tag>
class ListNode {
 public:
  ListNode() = default;
  ~ListNode() { unlink(); }
  ListNode(const ListNode&) = delete;
  ListNode& operator=(const ListNode&) = delete;

  bool linked() const { return next_ != nullptr; }

  void unlink() {
    if (!linked()) return;
    previous_->next_ = next_;
    next_->previous_ = previous_;
    next_ = previous_ = nullptr;
  }

 private:
  template <class T, class ListTag>
  friend class IntrusiveList;

  ListNode* next_ = nullptr;
  ListNode* previous_ = nullptr;
};

// A doubly linked list that owns nothing and allocates nothing; T derives from ListNode<Tag>.
template <class T, class Tag = T>
class IntrusiveList {
 public:
  IntrusiveList() { head_.next_ = head_.previous_ = &head_; }
  ~IntrusiveList() {
    while (!empty()) pop_front();
    head_.next_ = head_.previous_ = nullptr;
  }
  IntrusiveList(const IntrusiveList&) = delete;
  IntrusiveList& operator=(const IntrusiveList&) = delete;

  bool empty() const { return head_.next_ == &head_; }
  T& front() { return static_cast<T&>(*head_.next_); }

  void push_back(T& item) {
    ListNode<Tag>& node = item;
    GATE_CHECK(!node.linked());
    node.previous_ = head_.previous_;
    node.next_ = &head_;
    head_.previous_->next_ = &node;
    head_.previous_ = &node;
  }

  T& pop_front() {
    T& first = front();
    static_cast<ListNode<Tag>&>(first).unlink();
    return first;
  }

  // Calls `visit(item)` for each; `visit` may unlink the item it is given.
  template <class Visit>
  void for_each(Visit visit) {
    for (auto* node = head_.next_; node != &head_;) {
      auto* next = node->next_;
      visit(static_cast<T&>(*node));
      node = next;
    }
  }

  // Moves everything of `other` behind what is here.
  void take_all(IntrusiveList& other) {
    while (!other.empty()) push_back(other.pop_front());
  }

 private:
  ListNode<Tag> head_;
};

}  // namespace gate::base

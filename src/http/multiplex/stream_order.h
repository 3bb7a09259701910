#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/intrusive_list.h"
#include "http/multiplex/priority.h"

namespace gate::http::multiplex {

// The open streams of a connection by their ids. Holds no memory of its own. T has `id`, and `next`, which is the
// table's business. A client's ids are kStride apart.
template <class T, unsigned kStride>
class StreamTable {
 public:
  T* find(std::uint64_t id) const {
    T* stream = buckets_[bucket(id)];
    while (stream && static_cast<std::uint64_t>(stream->id) != id) stream = stream->next;
    return stream;
  }

  void add(T& stream) {
    auto& first = buckets_[bucket(static_cast<std::uint64_t>(stream.id))];
    stream.next = first;
    first = &stream;
    ++size_;
  }

  void remove(T& stream) {
    T** link = &buckets_[bucket(static_cast<std::uint64_t>(stream.id))];
    while (*link != &stream) link = &(*link)->next;
    *link = stream.next;
    --size_;
  }

  std::size_t size() const { return size_; }

  // `visit(stream)` may remove the one it is given.
  template <class Visit>
  void for_each(Visit visit) const {
    for (T* stream : buckets_) {
      while (stream) {
        T* next = stream->next;
        visit(*stream);
        stream = next;
      }
    }
  }

 private:
  // There are a few streams in a bucket at the most: Limits::streams_max of them in all.
  static constexpr std::size_t kBuckets = 16;
  static std::size_t bucket(std::uint64_t id) { return id / kStride % kBuckets; }

  std::array<T*, kBuckets> buckets_{};
  std::size_t size_ = 0;
};

// Who sends next (RFC 9218 10): the most urgent; among equals who came first, an incremental one giving way after each
// piece. T is a ListNode<Tag>, and has a `priority`.
template <class T, class Tag>
class SendOrder {
 public:
  void add(T& stream) {
    if (!linked(stream)) lists_[stream.priority.urgency].push_back(stream);
  }

  static void remove(T& stream) { static_cast<base::ListNode<Tag>&>(stream).unlink(); }
  static bool linked(const T& stream) { return static_cast<const base::ListNode<Tag>&>(stream).linked(); }

  // Null when nobody has anything to send.
  T* first() {
    for (auto& list : lists_) {
      if (!list.empty()) return &list.front();
    }
    return nullptr;
  }

  // It has sent a piece, and has more.
  void give_way(T& stream) {
    if (!stream.priority.incremental) return;
    remove(stream);
    add(stream);
  }

  void reprioritize(T& stream, Priority priority) {
    const bool sending = linked(stream);
    remove(stream);
    stream.priority = priority;
    if (sending) add(stream);
  }

 private:
  std::array<base::IntrusiveList<T, Tag>, kUrgencies> lists_;
};

// Priorities that came before their requests. RFC 9218 7.1: "the receiver SHOULD buffer the most recently received
// PRIORITY_UPDATE frame"; here those of a few streams.
class EarlyPriorities {
 public:
  void note(std::uint64_t stream_id, Priority priority) {
    entries_[next_] = {stream_id, priority, true};
    next_ = (next_ + 1) % entries_.size();
    any_ = true;
  }

  // The newest of that stream, to `priority`. False when there is none.
  bool find(std::uint64_t stream_id, Priority& priority) const {
    bool found = false;
    for (std::size_t i = 0; any_ && i < entries_.size(); ++i) {
      const Entry& entry = entries_[(next_ + i) % entries_.size()];
      if (!entry.used || entry.stream_id != stream_id) continue;
      priority = entry.priority;
      found = true;
    }
    return found;
  }

 private:
  struct Entry {
    std::uint64_t stream_id = 0;
    Priority priority;
    bool used = false;
  };

  std::array<Entry, 8> entries_{};
  std::size_t next_ = 0;
  bool any_ = false;
};

}  // namespace gate::http::multiplex

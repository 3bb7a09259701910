#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/intrusive_list.h"
#include "http/h2/priority.h"
#include "http/h2/receive_window.h"
#include "http/multiplex/stream.h"

namespace gate::http::h2 {

using multiplex::Stream;

struct SendingStreams;  // tag of the lists of streams that have DATA to send and may

// What the protocol has to know of an open stream (RFC 9113 5.1). It stands behind its Stream, in the same block of
// memory.
struct StreamState : public base::ListNode<SendingStreams> {
  StreamState(Stream& of, std::int64_t first_send_window, std::uint32_t receive_window_bytes)
      : stream(of),
        id(static_cast<std::uint32_t>(of.id())),
        send_window(first_send_window),
        receive_window(receive_window_bytes) {}

  Stream& stream;
  StreamState* next = nullptr;  // StreamTable's business
  const std::uint32_t id;

  std::int64_t send_window;  // below zero when the client has shrunk it (RFC 9113 6.9.2)
  ReceiveWindow receive_window;
  std::optional<std::uint64_t> content_left;  // of what the request has declared
  Priority priority;
  bool request_ended = false;
  bool has_data = false;  // the response's body may have something to send
};

// The open streams of a connection by their ids. Holds no memory of its own.
class StreamTable {
 public:
  StreamState* find(std::uint32_t id) const {
    StreamState* state = buckets_[bucket(id)];
    while (state && state->id != id) state = state->next;
    return state;
  }

  void add(StreamState& state) {
    auto& first = buckets_[bucket(state.id)];
    state.next = first;
    first = &state;
    ++size_;
  }

  void remove(StreamState& state) {
    StreamState** link = &buckets_[bucket(state.id)];
    while (*link != &state) link = &(*link)->next;
    *link = state.next;
    --size_;
  }

  std::size_t size() const { return size_; }

  // `visit(state)` may remove the one it is given.
  template <class Visit>
  void for_each(Visit visit) const {
    for (StreamState* state : buckets_) {
      while (state) {
        StreamState* next = state->next;
        visit(*state);
        state = next;
      }
    }
  }

 private:
  // A client's ids are odd. There are a few streams in a bucket at the most: Limits::streams_max of them in all.
  static constexpr std::size_t kBuckets = 16;
  static std::size_t bucket(std::uint32_t id) { return id / 2 % kBuckets; }

  std::array<StreamState*, kBuckets> buckets_{};
  std::size_t size_ = 0;
};

// Who sends next (RFC 9218 10): the most urgent; among equals who came first, an incremental one giving way after each
// frame.
class SendOrder {
 public:
  void add(StreamState& state) {
    if (!state.linked()) lists_[state.priority.urgency].push_back(state);
  }

  // Null when nobody has anything to send.
  StreamState* first() {
    for (auto& list : lists_) {
      if (!list.empty()) return &list.front();
    }
    return nullptr;
  }

  // It has sent a frame, and has more.
  void give_way(StreamState& state) {
    if (!state.priority.incremental) return;
    state.unlink();
    add(state);
  }

  void reprioritize(StreamState& state, Priority priority) {
    const bool sending = state.linked();
    state.unlink();
    state.priority = priority;
    if (sending) add(state);
  }

 private:
  std::array<base::IntrusiveList<StreamState, SendingStreams>, kUrgencies> lists_;
};

}  // namespace gate::http::h2

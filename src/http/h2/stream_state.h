#pragma once

#include <cstdint>
#include <optional>

#include "base/intrusive_list.h"
#include "http/h2/receive_window.h"
#include "http/multiplex/priority.h"
#include "http/multiplex/stream.h"
#include "http/multiplex/stream_order.h"

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
  multiplex::Priority priority;
  bool request_ended = false;
  bool has_data = false;  // the response's body may have something to send
};

using StreamTable = multiplex::StreamTable<StreamState, 2>;
using SendOrder = multiplex::SendOrder<StreamState, SendingStreams>;

}  // namespace gate::http::h2

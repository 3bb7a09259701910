#pragma once

#include <cstddef>
#include <memory>

#include "base/arena.h"
#include "base/intrusive_list.h"
#include "http/h3/sent_body.h"
#include "http/multiplex/stream.h"
#include "quic/application.h"

namespace gate::http::h3 {

struct OpenStreams;     // tag of the list of all request streams of a connection
struct StarvedStreams;  // tag of the list of those that may not pull until more was acknowledged

// A QUIC stream that carries a request and its response (RFC 9114 6.1). It outlives its exchange: what was sent is kept
// until the client has it or the stream is closed.
class RequestStream final : public base::ListNode<OpenStreams>, public base::ListNode<StarvedStreams> {
 public:
  explicit RequestStream(quic::StreamId stream_id) : id(stream_id) {}

  // The memory this stands in; BlockTable's business.
  std::unique_ptr<base::BlockPool::Block> home;

  const quic::StreamId id;
  multiplex::Stream* exchange = nullptr;  // null once it has ended
  SentBody body;
  std::size_t unacknowledged = 0;  // bytes the transport has taken, framing included
  std::size_t taken_since_unblocked = 0;
};

}  // namespace gate::http::h3

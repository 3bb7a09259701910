#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/intrusive_list.h"
#include "http/h3/frame_reader.h"
#include "http/h3/sent_bytes.h"
#include "http/multiplex/priority.h"
#include "http/multiplex/request_lines.h"
#include "http/multiplex/stream.h"
#include "http/qpack/decoder.h"
#include "quic/application.h"

namespace gate::http::h3 {

struct OpenStreams;     // tag of the list of all request streams of a connection
struct StarvedStreams;  // tag of the list of those that may not pull until more was acknowledged
struct SendingStreams;  // tag of the lists of those that have something to send, and may

// A QUIC stream that carries a request and its response (RFC 9114 6.1). It outlives its exchange: what was sent is kept
// until the client has it or the stream is closed.
class RequestStream final : public base::ListNode<OpenStreams>,
                            public base::ListNode<StarvedStreams>,
                            public base::ListNode<SendingStreams> {
 public:
  explicit RequestStream(quic::StreamId stream_id) : id(stream_id) {}

  // The memory this stands in; BlockTable's business.
  std::unique_ptr<base::BlockPool::Block> home;

  const quic::StreamId id;
  RequestStream* next = nullptr;          // StreamTable's business
  multiplex::Stream* exchange = nullptr;  // null once it has ended
  std::size_t unacknowledged = 0;         // bytes the transport has taken, framing included
  std::size_t taken_since_unblocked = 0;

  // --- reading; the session's business

  enum class Phase : std::uint8_t { kHead, kBody, kTrailers, kShut };
  Phase phase = Phase::kHead;
  FrameReader frame;
  multiplex::RequestLines lines{false};
  std::optional<qpack::SectionPrefix> prefix;  // of the field section under way
  base::Buffer section_rest;  // of that: a representation that is not complete, or all behind the prefix
  bool waits = false;         // for lines of the table that the section needs
  base::Buffer unread;        // what came behind such a section
  bool ends_unread = false;
  std::optional<std::uint64_t> content_left;  // of what the request has declared

  // --- writing; the session's business

  SentBytes bytes;
  multiplex::Priority priority;
  bool order_known = false;  // by a PRIORITY_UPDATE, which is newer than the head
  bool has_body = false;     // the response's body may have something to send
  bool said_all = false;
  bool said_end = false;  // and the transport has taken all of it
  bool blocked = false;   // by the client's window
  bool write_shut = false;
};

}  // namespace gate::http::h3

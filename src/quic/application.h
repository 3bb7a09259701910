#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"

namespace gate::quic {

// RFC 9000 2.1: the two lowest bits say who opened it (0 client, 1 server) and its kind (0 both ways, 2 one way).
using StreamId = std::int64_t;

inline bool is_bidirectional(StreamId id) { return (id & 2) == 0; }

// An error code of the application protocol, as RESET_STREAM, STOP_SENDING and CONNECTION_CLOSE carry it.
using ApplicationError = std::uint64_t;

// What an application protocol has to send on one stream, as far as it goes in one go. The bytes stay where they are
// until Application::acknowledged has told of them.
struct StreamOutput {
  static constexpr std::size_t kPiecesMax = 8;

  StreamId stream = -1;  // -1: there is nothing to send
  std::array<base::ByteView, kPiecesMax> pieces{};
  std::size_t count = 0;
  bool last = false;  // the stream ends behind these bytes

  bool nothing() const { return stream < 0; }
};

// What the application had to send, and how much of that is on its way. One asking is so good for many packets.
struct OutputUnderWay {
  StreamOutput output;
  std::size_t taken = 0;
  bool whole = false;  // all of it was taken

  // The next `count` bytes were taken. Says whether that was all.
  bool take(std::size_t count) {
    taken += count;
    std::size_t gone = 0;
    while (gone < output.count && count >= output.pieces[gone].size()) count -= output.pieces[gone++].size();
    std::move(output.pieces.begin() + static_cast<std::ptrdiff_t>(gone),
              output.pieces.begin() + static_cast<std::ptrdiff_t>(output.count), output.pieces.begin());
    output.count -= gone;
    if (count > 0) output.pieces[0] = output.pieces[0].subspan(count);
    whole = output.count == 0;
    return whole;
  }
};

// An application protocol on a connection: HTTP/3. Called from within the connection's functions; may call those of
// Transport then, and at any other time.
class Application {
 public:
  virtual ~Application() = default;

  // The handshake has come far enough for the server to send: its streams can be opened.
  virtual void start() = 0;

  // The next bytes of a stream, in order, each byte once. `last`: nothing follows; may come with no bytes. Credit is
  // given back with Transport::release when the bytes are used up.
  virtual void received(StreamId stream, base::ByteView bytes, bool last) = 0;

  // The peer ends what it sends before its end (RESET_STREAM).
  virtual void reset_by_peer(StreamId stream, ApplicationError code) = 0;

  // The peer wants no more of what we send (STOP_SENDING); the transport has answered with RESET_STREAM.
  virtual void stopped_by_peer(StreamId stream, ApplicationError code) = 0;

  // Both directions have ended. Nothing is told of the stream afterwards.
  virtual void closed(StreamId stream, std::optional<ApplicationError> code) = 0;

  // What is to be sent next. Asked again and again until there is nothing, or no room on the network.
  virtual StreamOutput next_output() = 0;
  // The transport has taken the first `count` bytes of the last output, and its end if that was all of it.
  virtual void taken(StreamId stream, std::size_t count) = 0;
  // The stream's flow control lets nothing more pass now; and does again.
  virtual void blocked(StreamId stream) = 0;
  virtual void unblocked(StreamId stream) = 0;
  // This stream takes no output any more: it was reset.
  virtual void shut(StreamId stream) = 0;
  // `count` more bytes, counted from the stream's beginning, have arrived at the peer.
  virtual void acknowledged(StreamId stream, std::uint64_t count) = 0;

  // An unreliable datagram (RFC 9221).
  virtual void datagram(base::ByteView bytes) = 0;

  // The connection is gone; nothing is called any more.
  virtual void abandoned() = 0;
};

// The connection as its application protocol sees it.
class Transport {
 public:
  // Nothing when the peer allows no more streams of ours now.
  virtual std::optional<StreamId> open_one_way() = 0;

  // `count` received bytes are used up: the peer may send as many more, on the stream and on the connection.
  virtual void release(StreamId stream, std::size_t count) = 0;
  // The same on the connection alone, for a stream that has ended.
  virtual void release_connection(std::size_t count) = 0;
  // A stream the peer had opened is done with: it may open another.
  virtual void allow_another_stream() = 0;

  // RESET_STREAM for what we send; STOP_SENDING for what we receive.
  virtual void reset(StreamId stream, ApplicationError code) = 0;
  virtual void stop(StreamId stream, ApplicationError code) = 0;

  // Whether the peer keeps us from sending on the stream, or on all of them, by flow control.
  virtual bool window_shut(StreamId stream) const = 0;

  // The longest datagram the peer takes now; 0: none.
  virtual std::size_t datagram_bytes_max() const = 0;
  // False when it cannot be sent now; it is lost then, which datagrams may be.
  virtual bool send_datagram(base::ByteView bytes) = 0;

  // Ends the connection with CONNECTION_CLOSE, as soon as no function of it is running. `reason` is static text.
  virtual void close(ApplicationError code, std::string_view reason) = 0;

  // There is something to send: next_output() is asked before the turn ends.
  virtual void wake() = 0;

 protected:
  ~Transport() = default;
};

}  // namespace gate::quic

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/intrusive_list.h"
#include "http/multiplex/block_table.h"
#include "http/multiplex/framing.h"
#include "http/multiplex/lazy_deadline.h"
#include "http/multiplex/stream.h"
#include "http/wire.h"

namespace gate::http::multiplex {

// What the driver of a connection is given. All outlive it.
struct Surroundings {
  WireContext& context;
  Dispatcher& dispatcher;
  const ConnectionInfo& connection;
  const Limits& limits;
  WireHost& host;
};

using StreamBlocks = BlockTable<Stream, LiveStreams>;

// The exchanges of one connection that carries many at once: how streams become exchanges, refusals and log lines,
// whatever the framing. The driver calls these from its library's events and from its own functions.
class Exchanges final : private StreamOwner {
 public:
  // `framing` outlives every stream: finish_all() is called before it dies.
  Exchanges(const Surroundings& surroundings, Version version, Framing& framing);

  base::Instant now() const { return with_.context.time.now; }
  LazyDeadline& deadline() { return deadline_; }
  std::size_t size() const { return streams_.size(); }
  bool empty() const { return streams_.empty(); }

  // --- requests

  // A request begins.
  Stream& open(std::uint64_t id);
  // Whether the connection has carried as many requests as it may.
  bool used_up() const { return opened_ >= with_.limits.requests_per_connection_max; }

  // A line of a head or trailer section, checked by the protocol's rules. False when there are too many: for a head far
  // above its limit, for a trailer section at once.
  [[nodiscard]] bool take_field(Stream& stream, const Field& line);
  // The head is complete: the request is dispatched or refused. `ended` says that no body follows.
  void take_head(Stream& stream, bool ended);
  void take_data(Stream& stream, base::ByteView bytes);

  // --- responses

  // Bytes were pulled that the client's window does not let pass.
  void hold_up(Stream& stream);
  // Hands what has become ready to the framing.
  void send_ready();
  bool any_ready() const { return !ready_.empty(); }

  // All of a response is on its way.
  void response_sent(Stream& stream);

  // --- ends

  // The protocol is done with the stream. It is kept if it was a tunnel and its reader has not seen all of it.
  void close(Stream& stream);
  void finish(Stream& stream, Outcome outcome);
  void finish_all(Outcome outcome);

  // Whether the client sends or takes so slowly that the stream is to be reset; reported. A request that is too slow
  // before its response has begun is answered instead.
  [[nodiscard]] bool too_slow(Stream& stream);

  // Whether there was no exchange for so long; asked again at the deadline otherwise.
  [[nodiscard]] bool idle_for(base::Duration duration);

  void report(base::ErrorCode code, std::string_view what);

  // `visit(stream)` may finish the stream it is given.
  template <class Visit>
  void for_each(Visit visit) {
    streams_.for_each(visit);
  }

 private:
  void stream_ready(Stream& stream) override;
  void inform(Stream& stream, std::uint16_t status, const FieldList& fields) override;
  void body_wanted(Stream& stream) override;
  void body_taken(Stream& stream, std::size_t count) override;

  void send_interim(Stream& stream, std::uint16_t status, std::span<const Field> fields);
  void fail_request(Stream& stream, RequestFault fault);

  const Surroundings with_;
  const Version version_;
  Framing& framing_;
  LazyDeadline deadline_;
  StreamBlocks streams_;
  base::IntrusiveList<Stream, ReadyStreams> ready_;
  std::uint64_t opened_ = 0;
  base::Instant idle_since_;
};

}  // namespace gate::http::multiplex

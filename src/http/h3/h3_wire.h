#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "http/h3/code.h"
#include "http/h3/request_stream.h"
#include "http/h3/session.h"
#include "http/multiplex/abuse.h"
#include "http/multiplex/block_table.h"
#include "http/multiplex/delivery.h"
#include "http/multiplex/exchanges.h"
#include "http/multiplex/shutdown.h"
#include "http/wire.h"
#include "quic/application.h"

namespace gate::http::h3 {

// HTTP/3 on one QUIC connection (RFC 9114, RFC 9204, RFC 9218, RFC 9220). Coordinates: Session speaks the protocol,
// multiplex::Exchanges has the exchanges, each RequestStream keeps what was sent until it has arrived; here their
// events and QUIC's become deadlines and the end. It closes the connection by itself when everything is said.
class H3Wire final : public Driver, public quic::Application, private SessionEvents, private WireHost {
 public:
  // Everything given outlives the wire, but for the transport, which is not touched once it has said abandoned().
  H3Wire(WireContext& context, Dispatcher& dispatcher, const ConnectionInfo& connection, const Limits& limits,
         quic::Transport& transport);
  ~H3Wire() override;

  // Driver
  bool finished() const override { return ended_; }
  base::Instant deadline() const override { return deadline_.at(); }
  void on_deadline() override;
  void drain() override;
  std::size_t exchanges() const override { return exchanges_.size(); }
  void abandon() override { end(Outcome::kClientGone); }

  // quic::Application
  void start() override;
  void received(quic::StreamId id, base::ByteView bytes, bool last) override;
  void reset_by_peer(quic::StreamId id, quic::ApplicationError code) override;
  void stopped_by_peer(quic::StreamId id, quic::ApplicationError code) override;
  void closed(quic::StreamId id, std::optional<quic::ApplicationError> code) override;
  quic::StreamOutput next_output() override;
  void taken(quic::StreamId id, std::size_t count) override;
  void blocked(quic::StreamId id) override;
  void unblocked(quic::StreamId id) override;
  void shut(quic::StreamId id) override { session_.shut_writing(id); }
  void acknowledged(quic::StreamId id, std::uint64_t count) override;
  void datagram(base::ByteView bytes) override;
  void abandoned() override { end(Outcome::kClientGone); }

 private:
  // Why the connection is to end.
  struct Condemned {
    Code code;
    WireEvent event;
  };

  // SessionEvents
  bool field_received(RequestStream& stream, const Field& line) override;
  void head_received(RequestStream& stream, bool ended) override;
  void data_received(RequestStream& stream, base::ByteView bytes) override;
  void request_ended(RequestStream& stream) override;
  void request_broken(RequestStream& stream, Code code) override { break_stream(stream, code); }
  Pulled pull_data(RequestStream& stream, std::span<std::byte> into) override;
  void response_sent(RequestStream& stream) override;
  void settings_received() override { greeted_ = true; }

  // WireHost
  void wake() override { transport_.wake(); }

  base::Instant now() const { return exchanges_.now(); }
  void receive_on_request_stream(quic::StreamId id, base::ByteView bytes, bool last);
  void receive_one_way(quic::StreamId id, base::ByteView bytes, bool last);
  RequestStream& open(quic::StreamId id);
  void reject(quic::StreamId id);
  void refuse_empty(quic::StreamId id);
  void break_stream(RequestStream& stream, Code code);
  void reset(RequestStream& stream, Code code, Outcome outcome);
  void finish(RequestStream& stream, Outcome outcome);
  void finish_if_over(RequestStream& stream);

  void count(multiplex::Abuse kind, std::size_t occurrences = 1);
  void condemn(Code code, base::ErrorCode event, std::string_view what);
  void settle();
  void close_if_done();
  void close(Code code, std::string_view reason);
  void end(Outcome outcome);

  void check_greeting();
  bool too_slow(multiplex::Stream& stream);

  const Limits& limits_;
  quic::Transport& transport_;

  Session session_;
  multiplex::Exchanges exchanges_;
  multiplex::LazyDeadline& deadline_;  // of the exchanges and everything here
  multiplex::BlockTable<RequestStream, OpenStreams> streams_;
  multiplex::AbuseMeter abuse_;
  multiplex::Delivery delivery_;
  multiplex::Shutdown shutdown_;

  std::optional<Condemned> condemned_;  // carried out as soon as no function of the session is running
  RequestStream* broken_ = nullptr;     // its response cannot go on
  Code broken_code_ = Code::kNoError;
  bool started_ = false;
  bool ended_ = false;      // nothing is taken or said any more
  bool drain_due_ = false;  // asked for before the start
  bool greeted_ = false;    // the client's SETTINGS are here
  base::Instant opened_at_;
  quic::StreamId next_request_ = 0;  // above all that were opened
};

}  // namespace gate::http::h3

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "http/h2/frame.h"
#include "http/h2/frame_guard.h"
#include "http/h2/session.h"
#include "http/multiplex/delivery.h"
#include "http/multiplex/exchanges.h"
#include "http/multiplex/shutdown.h"
#include "http/pace.h"
#include "http/wire.h"

namespace gate::http::h2 {

// HTTP/2 on one connection (RFC 9113, RFC 9218). Coordinates: FrameGuard judges what comes in, Session speaks the
// protocol, multiplex::Exchanges has the exchanges; here their events become deadlines and the end.
class H2Wire final : public Wire, private SessionEvents {
 public:
  // Everything given outlives the wire.
  H2Wire(WireContext& context, Dispatcher& dispatcher, const ConnectionInfo& connection, const Limits& limits,
         WireHost& host);
  ~H2Wire() override;

  void receive(base::ByteView bytes) override;
  void receive_end() override;
  void produce(base::Buffer& out, std::size_t budget) override;
  bool wants_read() const override;
  bool finished() const override;
  base::Instant deadline() const override { return deadline_.at(); }
  void on_deadline() override;
  void note_progress(std::size_t bytes_sent) override;
  void drain() override;
  std::size_t exchanges() const override { return exchanges_.size(); }
  void abandon() override;

 private:
  // Why the connection is to end.
  struct Condemned {
    Code code;
    WireEvent event;
  };

  bool frame_begun(const FrameHeader& frame, bool live) override;
  Stream& stream_opened(std::uint32_t id) override;
  bool field_received(Stream& stream, const Field& line) override;
  void head_received(Stream& stream, bool ended) override;
  void data_received(Stream& stream, base::ByteView bytes) override { exchanges_.take_data(stream, bytes); }
  void request_ended(Stream& stream) override { stream.end_request(); }
  void reset_received(Stream& stream) override { stream.reset_by_peer = true; }
  void hollow_data_received() override;
  void stream_refused(std::uint32_t id) override;
  Pulled pull_data(Stream& stream, std::span<std::byte> into) override;
  void response_sent(Stream& stream) override { exchanges_.response_sent(stream); }
  void reset_sent(Code code) override;
  void stream_closed(Stream& stream) override;
  void settings_acknowledged() override { greeting_ = false; }
  void ping_acknowledged() override;
  void connection_broken(Code code) override;

  base::Instant now() const { return exchanges_.now(); }
  bool takes_input() const { return !ended_ && !closing_ && !condemned_; }
  void obey(const Verdict& verdict);
  void condemn(Code code, base::ErrorCode event, std::string_view what);
  bool settle();
  void reset(Stream& stream, Code code, Outcome outcome);
  void end(Outcome outcome);

  void check_greeting();
  void check_head();
  void check_reading();

  const Limits& limits_;
  WireHost& host_;

  FrameGuard guard_;
  Session session_;
  multiplex::Exchanges exchanges_;
  multiplex::LazyDeadline& deadline_;  // of the exchanges and everything here
  multiplex::Delivery delivery_;
  multiplex::Shutdown shutdown_;

  std::optional<Condemned> condemned_;  // carried out as soon as no function of the session is running
  bool ended_ = false;                  // nothing is taken or produced any more
  bool closing_ = false;                // a GOAWAY with an error is queued or sent
  bool input_ended_ = false;
  bool greeting_ = true;  // until the client has acknowledged our SETTINGS

  base::Instant opened_at_;
  std::optional<base::Instant> head_since_;  // a field section is incomplete
  Pace reading_pace_;                        // of the client, where the connection's window is shut
};

}  // namespace gate::http::h2

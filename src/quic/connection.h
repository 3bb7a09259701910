#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "quic/application.h"
#include "quic/connection_id.h"
#include "quic/path.h"
#include "tls/quic_handshake.h"

struct ngtcp2_conn;

namespace gate::quic {

struct ConnectionCallbacks;
struct Suite;
class Connection;

// RFC 9000 10.3
using ResetToken = std::array<std::byte, 16>;

// What the endpoint does for its connections. Outlives them.
class ConnectionHost {
 public:
  // A new id of ours. From now on, packets for it come to `connection`.
  virtual ConnectionId issue_id(Connection& connection) = 0;
  // Packets for this id are no longer meant for the connection.
  virtual void retire_id(const ConnectionId& id) = 0;
  virtual ResetToken reset_token(const ConnectionId& id) const = 0;

  // Unpredictable bytes.
  virtual void fill_random(std::span<std::byte> bytes) = 0;

  // A token by which the client at `path` can show its address again on its next connection (RFC 9000 8.1.3). Empty:
  // none is given out.
  virtual std::vector<std::byte> address_token(const Path& path) = 0;

 protected:
  ~ConnectionHost() = default;
};

// Whom a connection belongs to: told of its life from within the connection's functions.
class ConnectionOwner {
 public:
  // The handshake has settled who talks what: the protocol that uses the connection. Called once.
  virtual std::unique_ptr<Application> make_application(Connection& connection) = 0;
  virtual void handshake_done(Connection& connection) = 0;
  // There is something to send.
  virtual void wake(Connection& connection) = 0;
  // A piece of the connection's qlog (draft-ietf-quic-qlog-main-schema).
  virtual void qlog(base::ByteView bytes, bool last) = 0;

 protected:
  ~ConnectionOwner() = default;
};

enum class CongestionControl : std::uint8_t { kCubic, kBbr };

// Bounds and choices of a connection; each is a transport parameter (RFC 9000 18.2) or bounds memory.
struct ConnectionSettings {
  CongestionControl congestion = CongestionControl::kCubic;
  base::Duration handshake_timeout = std::chrono::seconds(10);
  base::Duration idle_timeout = std::chrono::seconds(60);
  std::uint64_t streams_max = 128;                      // of the peer, both ways, at a time
  std::uint64_t one_way_streams_max = 8;                // HTTP/3 takes three, and some for extensions (RFC 9114 6.2)
  std::uint64_t stream_window_bytes = 512 * 1024;       // what a peer may send before we read
  std::uint64_t connection_window_bytes = 1024 * 1024;  // on all streams together
  std::uint64_t stream_window_bytes_max = 6 * 1024 * 1024;  // to which the windows grow where the network asks for it
  std::uint64_t connection_window_bytes_max = 8 * 1024 * 1024;
  std::size_t datagram_bytes_max = 65535;  // RFC 9221; 0: none
  bool qlog = false;
};

// A first packet that may begin a connection, as Reception has found it.
struct FirstPacket {
  std::uint32_t version = 0;
  ConnectionId destination;                    // chosen by the client, or by us in a Retry
  ConnectionId source;                         // the client's own
  std::optional<ConnectionId> before_retry{};  // its first choice, where there was a Retry
  std::vector<std::byte> token{};              // that has shown its address
  bool token_of_retry = false;
};

// What is known of a connection's network, for log, metrics and `status`.
struct ConnectionFacts {
  std::uint32_t version = 0;
  base::Duration smoothed_rtt{};
  base::Duration lowest_rtt{};
  std::uint64_t window_bytes = 0;  // of the congestion control
  std::uint64_t packets_sent = 0;
  std::uint64_t packets_received = 0;
  std::uint64_t packets_lost = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_received = 0;
  std::uint32_t migrations = 0;
  std::size_t payload_bytes_max = 0;  // of the path, as far as it was found
  bool early_data = false;
  bool retried = false;
};

// Datagrams of one path, ready to be sent in one go: all have `segment` bytes but the last, which may be shorter.
struct Train {
  Path path;
  std::size_t bytes = 0;
  std::size_t segment = 0;
  std::uint8_t ecn = 0;
};

// One QUIC connection (RFC 9000, 9001, 9002, 9221, 9369), either side, on ngtcp2. Knows no socket and no timer: it is
// given datagrams and the time, and asked for datagrams and when it wants to be asked again.
//
// After receive() and on_deadline() produce() is called until it yields nothing.
class Connection final : public Transport, private tls::QuicHandshakeOwner {
 public:
  // The server's side. The first packet itself is given to receive() next.
  Connection(const ConnectionSettings& settings, std::shared_ptr<const tls::ServerContext> tls, ConnectionHost& host,
             ConnectionOwner& owner, const FirstPacket& first, const Path& path, const base::Clock& clock);
  // The client's side.
  Connection(const ConnectionSettings& settings, std::shared_ptr<const tls::ClientContext> tls,
             const tls::ClientTarget& target, ConnectionHost& host, ConnectionOwner& owner, const Path& path,
             const base::Clock& clock, std::uint32_t version = 1);
  virtual ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  enum class State : std::uint8_t {
    kHandshaking,
    kOpen,
    kClosing,   // CONNECTION_CLOSE is sent; late packets are answered with it (RFC 9000 10.2.1)
    kDraining,  // the peer has closed; nothing is sent (RFC 9000 10.2.2)
    kClosed,    // to be thrown away
  };
  State state() const { return state_; }
  bool handshake_complete() const { return handshake_complete_; }

  void receive(const Path& path, std::uint8_t ecn, base::ByteView datagram, base::Instant now);

  // Fills `room`, which has room for one packet at least (kPacketBytesMax), with what is to be sent now. Nothing: there
  // is nothing, or the network may take no more yet.
  std::optional<Train> produce(std::span<std::byte> room, base::Instant now);

  // When on_deadline() is to be called.
  base::Instant deadline() const;
  void on_deadline(base::Instant now);

  // Ends the connection without a word: its memory is wanted, or the process ends.
  void discard();

  // A client's own address has changed: go on from there (RFC 9000 9).
  [[nodiscard]] bool migrate(const Path& path, base::Instant now);
  void update_keys(base::Instant now);
  // PING frames after so much silence; zero: none.
  void keep_alive(base::Duration silence);

  // The application, once make_application was called.
  Application* application() const { return application_.get(); }

  const tls::Facts& tls_facts() const { return handshake_.facts(); }
  ConnectionFacts facts() const;
  Path path() const;
  // Why it ended; null while it has not, or when it ended well.
  const base::Error* failure() const { return failure_ ? &*failure_ : nullptr; }
  std::optional<tls::Session> take_session() { return handshake_.take_session(); }

  // Transport
  std::optional<StreamId> open_one_way() override;
  std::optional<StreamId> open_both_ways();  // a client's requests
  void release(StreamId stream, std::size_t count) override;
  void release_connection(std::size_t count) override;
  void allow_another_stream() override;
  void reset(StreamId stream, ApplicationError code) override;
  void stop(StreamId stream, ApplicationError code) override;
  bool window_shut(StreamId stream) const override;
  std::size_t datagram_bytes_max() const override;
  bool send_datagram(base::ByteView bytes) override;
  void close(ApplicationError code, std::string_view reason) override;
  void wake() override { owner_.wake(*this); }

  static constexpr std::size_t kPacketBytesMax = 1472;  // 1500 less IPv4's and UDP's headers

 private:
  friend struct ConnectionCallbacks;

  struct Delete {
    void operator()(ngtcp2_conn* connection) const;
  };

  // What CONNECTION_CLOSE is to say.
  struct Ending {
    enum class Kind : std::uint8_t { kLibrary, kAlert, kApplication };
    Kind kind;
    std::uint64_t code;
    std::string_view reason;
  };

  // tls::QuicHandshakeOwner
  bool reading_secret(tls::QuicLevel level, std::uint16_t suite, base::ByteView secret) override;
  bool writing_secret(tls::QuicLevel level, std::uint16_t suite, base::ByteView secret) override;
  bool handshake_bytes(tls::QuicLevel level, base::ByteView bytes) override;
  void alert(std::uint8_t description) override;
  void early_data_refused() override;

  void accept(const FirstPacket& first, const Path& path, base::Instant now);
  void connect(const Path& path, std::uint32_t version, base::Instant now);
  bool install_initial_keys(std::uint32_t version, base::ByteView destination_id, bool for_negotiation);
  void use_retry_key(std::uint32_t version);
  const Suite* use_suite(tls::QuicLevel level, std::uint16_t number);
  bool give_parameters_to_tls();
  bool take_parameters_from_tls();
  int advance_handshake(tls::QuicLevel level, base::ByteView bytes);
  void start_application();
  void give_address_token(const Path& path);

  void fail(int library_error);
  void begin_closing(const Ending& ending, base::Instant now);
  void enter_draining(base::Instant now);
  void set_closed();
  std::optional<Train> produce_close(std::span<std::byte> room);
  static base::Instant after(base::Instant now, std::uint64_t nanoseconds);

  const ConnectionSettings settings_;
  ConnectionHost& host_;
  ConnectionOwner& owner_;
  const base::Clock& clock_;
  tls::QuicHandshake handshake_;
  std::unique_ptr<ngtcp2_conn, Delete> native_;
  std::unique_ptr<Application> application_;
  std::optional<base::Error> failure_;
  std::optional<Ending> ending_;                  // asked for; carried out when no function of the library is running
  OutputUnderWay output_;                         // while packets are written
  std::vector<std::byte> close_packet_;           // while closing
  std::deque<std::vector<std::byte>> datagrams_;  // that wait to be sent
  std::uint64_t datagram_number_ = 0;
  base::Instant gone_at_ = base::Instant::max();  // the end of closing or draining
  Path close_path_;
  std::uint32_t late_packets_ = 0;  // that came while closing
  std::uint32_t migrations_ = 0;
  State state_ = State::kHandshaking;
  bool server_;
  bool handshake_complete_ = false;
  bool close_due_ = false;
  bool retried_ = false;
  bool early_data_used_ = false;
};

}  // namespace gate::quic

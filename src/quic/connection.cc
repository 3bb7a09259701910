#include "quic/connection.h"

#include <fmt/format.h>
#include <ngtcp2/ngtcp2.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "quic/codes.h"
#include "quic/connection_callbacks.h"
#include "quic/native.h"
#include "quic/packet_protection.h"
#include "tls/codes.h"

namespace gate::quic {
namespace {

// Datagrams of the application that wait for room on the network. What is more is lost, as datagrams may be.
constexpr std::size_t kDatagramsQueuedMax = 64;

// RFC 9000 10.2: "the closing and draining connection states SHOULD persist for at least three times the current PTO".
constexpr unsigned kClosingTimeouts = 3;

// RFC 9000 13.2.2 wants an acknowledgement for at least every second packet; bulk transfers do better with fewer, and
// the delay of an acknowledgement is bounded in any case. docs/why/quic.md has what was measured.
constexpr std::size_t kAcknowledgeEvery = 8;

// Versions a client may come with, the one preferred by itself first. RFC 9369 4: both are answered as they are asked.
constexpr std::array<std::uint32_t, 2> kVersions = {kVersion1, kVersion2};

// A server's own ids that a peer may hold for migrations.
constexpr std::uint64_t kIdsHeldMax = 8;

// Frames that a peer sends without use before the library calls it an attack: so many at once, so many a second.
constexpr std::uint64_t kGlitchBurst = 1000;
constexpr std::uint64_t kGlitchRate = 33;

ngtcp2_settings settings_of(const ConnectionSettings& settings, base::Instant now) {
  ngtcp2_settings native;
  ngtcp2_settings_default(&native);
  native.initial_ts = native_time(now);
  native.cc_algo = settings.congestion == CongestionControl::kBbr ? NGTCP2_CC_ALGO_BBR : NGTCP2_CC_ALGO_CUBIC;
  native.handshake_timeout = native_duration(settings.handshake_timeout);
  native.max_tx_udp_payload_size = Connection::kPacketBytesMax;
  native.max_stream_window = settings.stream_window_bytes_max;
  native.max_window = settings.connection_window_bytes_max;
  native.ack_thresh = kAcknowledgeEvery;
  native.available_versions = kVersions.data();
  native.available_versionslen = kVersions.size();
  native.glitch_ratelim_burst = kGlitchBurst;
  native.glitch_ratelim_rate = kGlitchRate;
  return native;
}

ngtcp2_transport_params parameters_of(const ConnectionSettings& settings) {
  ngtcp2_transport_params native;
  ngtcp2_transport_params_default(&native);
  native.initial_max_streams_bidi = settings.streams_max;
  native.initial_max_streams_uni = settings.one_way_streams_max;
  native.initial_max_stream_data_bidi_local = settings.stream_window_bytes;
  native.initial_max_stream_data_bidi_remote = settings.stream_window_bytes;
  native.initial_max_stream_data_uni = settings.stream_window_bytes;
  native.initial_max_data = settings.connection_window_bytes;
  native.max_idle_timeout = native_duration(settings.idle_timeout);
  native.active_connection_id_limit = kIdsHeldMax;
  native.max_datagram_frame_size = settings.datagram_bytes_max;
  native.grease_quic_bit = 1;
  return native;
}

// What a client may take for granted on its next visit (RFC 9000 7.4.1).
std::string promises_of(const ConnectionSettings& settings) {
  return fmt::format("1 {} {} {} {} {}", settings.streams_max, settings.one_way_streams_max,
                     settings.stream_window_bytes, settings.connection_window_bytes, settings.datagram_bytes_max);
}

// The library's functions that fail only for want of memory or for a bug of ours.
void must(int result) { GATE_CHECK(result == 0); }

base::Error broken(int library_error) {
  const bool internal = library_error == NGTCP2_ERR_INTERNAL || library_error == NGTCP2_ERR_NOMEM ||
                        library_error == NGTCP2_ERR_CALLBACK_FAILURE;
  return {.code = internal ? kInternal : kProtocolBroken,
          .side = internal ? base::Side::kSelf : base::Side::kClient,
          .what = internal ? "the QUIC library failed" : "the peer broke the rules of QUIC",
          .why = ngtcp2_strerror(library_error)};
}

}  // namespace

void Connection::Delete::operator()(ngtcp2_conn* connection) const { ngtcp2_conn_del(connection); }

Connection::Connection(const ConnectionSettings& settings, std::shared_ptr<const tls::ServerContext> tls,
                       ConnectionHost& host, ConnectionOwner& owner, const FirstPacket& first, const Path& path,
                       const base::Clock& clock)
    : settings_(settings),
      host_(host),
      owner_(owner),
      clock_(clock),
      handshake_(std::move(tls), path.local.address, promises_of(settings), clock, *this),
      server_(true) {
  accept(first, path, clock.now());
}

Connection::Connection(const ConnectionSettings& settings, std::shared_ptr<const tls::ClientContext> tls,
                       const tls::ClientTarget& target, ConnectionHost& host, ConnectionOwner& owner, const Path& path,
                       const base::Clock& clock, std::uint32_t version)
    : settings_(settings),
      host_(host),
      owner_(owner),
      clock_(clock),
      handshake_(std::move(tls), target, clock, *this),
      server_(false) {
  connect(path, version, clock.now());
}

Connection::~Connection() {
  discard();
  native_.reset();  // it calls back with what it throws away
}

void Connection::accept(const FirstPacket& first, const Path& path, base::Instant now) {
  ngtcp2_settings settings = settings_of(settings_, now);
  ConnectionCallbacks::set_context(settings, *this);
  settings.token = native_data(first.token);
  settings.tokenlen = first.token.size();
  settings.token_type = first.token_of_retry ? NGTCP2_TOKEN_TYPE_RETRY : NGTCP2_TOKEN_TYPE_NEW_TOKEN;
  ngtcp2_transport_params parameters = parameters_of(settings_);
  parameters.original_dcid = native_id(first.before_retry ? *first.before_retry : first.destination);
  parameters.original_dcid_present = 1;
  if (first.before_retry) {
    retried_ = true;
    parameters.retry_scid = native_id(first.destination);
    parameters.retry_scid_present = 1;
  }
  const ConnectionId id = host_.issue_id(*this);
  const ResetToken token = host_.reset_token(id);
  parameters.stateless_reset_token_present = 1;
  base::copy_bytes(std::as_writable_bytes(std::span(parameters.stateless_reset_token)), token);
  const ngtcp2_cid peer = native_id(first.source);
  const ngtcp2_cid own = native_id(id);
  NativePath native_path(path);
  ngtcp2_conn* made = nullptr;
  must(ngtcp2_conn_server_new(&made, &peer, &own, native_path.get(), first.version, &ConnectionCallbacks::server(),
                              &settings, &parameters, nullptr, this));
  native_.reset(made);
}

void Connection::connect(const Path& path, std::uint32_t version, base::Instant now) {
  ngtcp2_settings settings = settings_of(settings_, now);
  ConnectionCallbacks::set_context(settings, *this);
  const ngtcp2_transport_params parameters = parameters_of(settings_);
  // RFC 9000 7.2: "This Destination Connection ID MUST be at least 8 bytes in length."
  std::array<std::byte, 18> first{};
  host_.fill_random(first);
  const ngtcp2_cid peer = native_id(*ConnectionId::from(first));
  const ngtcp2_cid own = native_id(host_.issue_id(*this));
  NativePath native_path(path);
  ngtcp2_conn* made = nullptr;
  must(ngtcp2_conn_client_new(&made, &peer, &own, native_path.get(), version, &ConnectionCallbacks::client(), &settings,
                              &parameters, nullptr, this));
  native_.reset(made);
}

// --- Datagrams

void Connection::receive(const Path& path, std::uint8_t ecn, base::ByteView datagram, base::Instant now) {
  if (state_ == State::kClosed || state_ == State::kDraining) return;
  if (state_ == State::kClosing) {
    // RFC 9000 10.2.1: "An endpoint SHOULD limit the rate at which it generates packets in the closing state": for the
    // first late packet, the second, the fourth, ...
    ++late_packets_;
    close_due_ |= (late_packets_ & (late_packets_ - 1)) == 0;
    return;
  }
  NativePath native_path(path);
  const ngtcp2_pkt_info info{.ecn = ecn};
  const int result = ngtcp2_conn_read_pkt(native_.get(), native_path.get(), &info, native_data(datagram),
                                          datagram.size(), native_time(now));
  switch (result) {
    case 0: return;
    case NGTCP2_ERR_DRAINING: return enter_draining(now);
    case NGTCP2_ERR_RETRY:
    case NGTCP2_ERR_DROP_CONN: return set_closed();
    default: return fail(result);
  }
}

std::optional<Train> Connection::produce(std::span<std::byte> room, base::Instant now) {
  if (state_ == State::kClosed || state_ == State::kDraining) return std::nullopt;
  if (state_ == State::kClosing) return produce_close(room);
  if (ending_) {
    begin_closing(*ending_, now);
    return produce_close(room);
  }
  const std::size_t payload = ngtcp2_conn_get_path_max_tx_udp_payload_size2(native_.get());
  const std::size_t quantum = ngtcp2_conn_get_send_quantum2(native_.get());
  const std::size_t packets_max = std::max<std::size_t>(1, quantum / payload);
  NativePath native_path;
  ngtcp2_pkt_info info{};
  std::size_t segment = 0;
  const ngtcp2_ssize written =
      ngtcp2_conn_write_aggregate_pkt2(native_.get(), native_path.get(), &info, native_room(room), room.size(),
                                       &segment, ConnectionCallbacks::write_packet, packets_max, native_time(now));
  ConnectionCallbacks::tell_taken(*this);
  if (written < 0) {
    fail(static_cast<int>(written));
    return produce(room, now);
  }
  ngtcp2_conn_update_pkt_tx_time(native_.get(), native_time(now));
  if (ending_) wake();
  if (written == 0) return std::nullopt;
  return Train{.path = path_of(*native_path.get()),
               .bytes = static_cast<std::size_t>(written),
               .segment = segment,
               .ecn = info.ecn};
}

std::optional<Train> Connection::produce_close(std::span<std::byte> room) {
  if (!std::exchange(close_due_, false) || close_packet_.empty()) return std::nullopt;
  base::copy_bytes(room, close_packet_);
  return Train{.path = close_path_, .bytes = close_packet_.size(), .segment = close_packet_.size()};
}

// --- Time

base::Instant Connection::deadline() const {
  switch (state_) {
    case State::kHandshaking:
    case State::kOpen: return instant_of(ngtcp2_conn_get_expiry2(native_.get()));
    case State::kClosing:
    case State::kDraining: return gone_at_;
    case State::kClosed: return base::Instant::max();
  }
  return base::Instant::max();
}

void Connection::on_deadline(base::Instant now) {
  if (now < deadline()) return;
  if (state_ == State::kClosing || state_ == State::kDraining) return set_closed();
  if (state_ == State::kClosed) return;
  const int result = ngtcp2_conn_handle_expiry(native_.get(), native_time(now));
  switch (result) {
    case 0: return;
    case NGTCP2_ERR_IDLE_CLOSE: return set_closed();
    case NGTCP2_ERR_HANDSHAKE_TIMEOUT:
      failure_ = base::Error{
          .code = kHandshakeTimeout, .side = base::Side::kClient, .what = "the handshake was not finished in time"};
      return set_closed();
    default: return fail(result);
  }
}

// --- The end

void Connection::fail(int library_error) {
  if (ending_ || state_ > State::kOpen) return;
  if (handshake_.failed()) {
    failure_ = handshake_.failure();
  } else if (library_error != NGTCP2_ERR_CALLBACK_FAILURE || !failure_) {
    failure_ = broken(library_error);
  }
  const std::uint8_t alert = ngtcp2_conn_get_tls_alert2(native_.get());
  const bool of_tls = library_error == NGTCP2_ERR_CRYPTO || (handshake_.failed() && alert != 0);
  if (of_tls) {
    ending_ = Ending{Ending::Kind::kAlert, alert, ""};
  } else {
    ending_ = Ending{Ending::Kind::kLibrary, static_cast<std::uint64_t>(-library_error), ""};
  }
  wake();
}

void Connection::close(ApplicationError code, std::string_view reason) {
  if (ending_ || state_ > State::kOpen) return;
  ending_ = Ending{Ending::Kind::kApplication, code, reason};
  wake();
}

void Connection::begin_closing(const Ending& ending, base::Instant now) {
  ngtcp2_ccerr error;
  ngtcp2_ccerr_default(&error);
  const auto reason = std::as_bytes(std::span(ending.reason));
  switch (ending.kind) {
    case Ending::Kind::kLibrary: ngtcp2_ccerr_set_liberr(&error, -static_cast<int>(ending.code), nullptr, 0); break;
    case Ending::Kind::kAlert:
      ngtcp2_ccerr_set_tls_alert(&error, static_cast<std::uint8_t>(ending.code), nullptr, 0);
      break;
    case Ending::Kind::kApplication:
      ngtcp2_ccerr_set_application_error(&error, ending.code, native_data(reason), reason.size());
      break;
  }
  close_packet_.resize(NGTCP2_MAX_UDP_PAYLOAD_SIZE);
  NativePath path;
  ngtcp2_pkt_info info{};
  const ngtcp2_ssize written = ngtcp2_conn_write_connection_close(
      native_.get(), path.get(), &info, native_room(close_packet_), close_packet_.size(), &error, native_time(now));
  // There may be no keys to say it with, or an error so deep that the library refuses.
  if (written <= 0) return set_closed();
  close_packet_.resize(static_cast<std::size_t>(written));
  close_path_ = path_of(*path.get());
  close_due_ = true;
  state_ = State::kClosing;
  gone_at_ = after(now, kClosingTimeouts * ngtcp2_conn_get_pto2(native_.get()));
  if (application_) application_->abandoned();
}

void Connection::enter_draining(base::Instant now) {
  const ngtcp2_ccerr* error = ngtcp2_conn_get_ccerr2(native_.get());
  const bool of_tls = error->type == NGTCP2_CCERR_TYPE_TRANSPORT && error->error_code >= NGTCP2_CRYPTO_ERROR &&
                      error->error_code < NGTCP2_CRYPTO_ERROR + 0x100;
  if (error->type == NGTCP2_CCERR_TYPE_TRANSPORT && error->error_code != NGTCP2_NO_ERROR) {
    failure_ = base::Error{.code = of_tls ? tls::kAlertReceived : kClosedByPeer,
                           .side = base::Side::kClient,
                           .what = of_tls ? "the peer refused the handshake" : "the peer closed with an error",
                           .why = "its error code is " + std::to_string(error->error_code)};
  }
  state_ = State::kDraining;
  gone_at_ = after(now, kClosingTimeouts * ngtcp2_conn_get_pto2(native_.get()));
  if (application_) application_->abandoned();
}

void Connection::set_closed() {
  const bool tell = application_ && state_ <= State::kOpen;
  state_ = State::kClosed;
  if (tell) application_->abandoned();
}

void Connection::discard() {
  if (state_ != State::kClosed) set_closed();
}

base::Instant Connection::after(base::Instant now, std::uint64_t nanoseconds) {
  return now + base::Duration(static_cast<base::Duration::rep>(nanoseconds));
}

// --- Facts

Path Connection::path() const { return path_of(*ngtcp2_conn_get_path2(native_.get())); }

ConnectionFacts Connection::facts() const {
  ngtcp2_conn_info info;
  ngtcp2_conn_get_conn_info2(native_.get(), &info);
  const std::uint32_t negotiated = ngtcp2_conn_get_negotiated_version2(native_.get());
  const auto duration = [](ngtcp2_duration native) {
    return native == UINT64_MAX ? base::Duration{} : base::Duration(static_cast<base::Duration::rep>(native));
  };
  return {.version = negotiated ? negotiated : ngtcp2_conn_get_client_chosen_version2(native_.get()),
          .smoothed_rtt = duration(info.smoothed_rtt),
          .lowest_rtt = duration(info.min_rtt),
          .window_bytes = info.cwnd,
          .packets_sent = info.pkt_sent,
          .packets_received = info.pkt_recv,
          .packets_lost = info.pkt_lost,
          .bytes_sent = info.bytes_sent,
          .bytes_received = info.bytes_recv,
          .migrations = migrations_,
          .payload_bytes_max = ngtcp2_conn_get_path_max_tx_udp_payload_size2(native_.get()),
          .early_data = early_data_used_,
          .retried = retried_};
}

bool Connection::migrate(const Path& path, base::Instant now) {
  NativePath native_path(path);
  const int result = ngtcp2_conn_initiate_immediate_migration(native_.get(), native_path.get(), native_time(now));
  if (result == 0) wake();
  return result == 0;
}

void Connection::update_keys(base::Instant now) {
  // Refused while the one before is not confirmed (RFC 9001 6.1), which is no error here.
  if (ngtcp2_conn_initiate_key_update(native_.get(), native_time(now)) == 0) wake();
}

void Connection::keep_alive(base::Duration silence) {
  ngtcp2_conn_set_keep_alive_timeout(native_.get(),
                                     silence == base::Duration{} ? UINT64_MAX : native_duration(silence));
}

// --- Streams

std::optional<StreamId> Connection::open_one_way() {
  StreamId id = -1;
  if (ngtcp2_conn_open_uni_stream(native_.get(), &id, nullptr) != 0) return std::nullopt;
  return id;
}

std::optional<StreamId> Connection::open_both_ways() {
  StreamId id = -1;
  if (ngtcp2_conn_open_bidi_stream(native_.get(), &id, nullptr) != 0) return std::nullopt;
  return id;
}

void Connection::release(StreamId stream, std::size_t count) {
  // A stream that has ended meanwhile has no window any more.
  const int result = ngtcp2_conn_extend_max_stream_offset(native_.get(), stream, count);
  GATE_CHECK(result == 0 || result == NGTCP2_ERR_STREAM_NOT_FOUND);
  release_connection(count);
}

void Connection::release_connection(std::size_t count) { ngtcp2_conn_extend_max_offset(native_.get(), count); }

void Connection::allow_another_stream() { ngtcp2_conn_extend_max_streams_bidi(native_.get(), 1); }

void Connection::reset(StreamId stream, ApplicationError code) {
  must(ngtcp2_conn_shutdown_stream_write(native_.get(), 0, stream, code));
  wake();
}

void Connection::stop(StreamId stream, ApplicationError code) {
  must(ngtcp2_conn_shutdown_stream_read(native_.get(), 0, stream, code));
  wake();
}

bool Connection::window_shut(StreamId stream) const {
  return ngtcp2_conn_get_max_data_left2(native_.get()) == 0 ||
         ngtcp2_conn_get_max_stream_data_left2(native_.get(), stream) == 0;
}

std::size_t Connection::datagram_bytes_max() const {
  const ngtcp2_transport_params* peer = ngtcp2_conn_get_remote_transport_params2(native_.get());
  if (!peer || settings_.datagram_bytes_max == 0) return 0;
  // Packet header, tag and the frame's own type and length.
  constexpr std::size_t kOverhead = 1 + ConnectionId::kBytesMax + 4 + 16 + 1 + 2;
  const std::size_t room = ngtcp2_conn_get_path_max_tx_udp_payload_size2(native_.get()) - kOverhead;
  const std::uint64_t allowed = peer->max_datagram_frame_size;
  return allowed <= 3 ? 0 : std::min<std::uint64_t>(room, allowed - 3);
}

bool Connection::send_datagram(base::ByteView bytes) {
  if (bytes.size() > datagram_bytes_max() || datagrams_.size() >= kDatagramsQueuedMax) return false;
  datagrams_.emplace_back(bytes.begin(), bytes.end());
  wake();
  return true;
}

}  // namespace gate::quic

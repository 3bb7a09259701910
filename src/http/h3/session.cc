#include "http/h3/session.h"

#include <algorithm>
#include <array>

#include "http/h3/varint.h"
#include "http/hpack/dynamic_table.h"

// The beginning and the end of a connection and of its streams. Requests are read in session_requests.cc, the client's
// one-way streams in session_control.cc; session_output.cc writes.
namespace gate::http::h3 {
namespace {

// RFC 9114 5.2: "a server [...] can send an initial GOAWAY frame [...] with the maximum possible value (i.e., 2^62-4
// for servers)".
constexpr std::uint64_t kLastRequest = (std::uint64_t{1} << 62) - 4;

struct SettingsEntry {
  Setting id;
  std::uint64_t value;
};

// Numbers, one behind the other.
class Varints {
 public:
  void add(std::uint64_t number) {
    const std::size_t size = varint_size(number);
    write_varint(number, size, std::span(bytes_).subspan(count_));
    count_ += size;
  }
  base::ByteView view() const { return std::span(bytes_).first(count_); }

 private:
  std::array<std::byte, 128> bytes_{};
  std::size_t count_ = 0;
};

}  // namespace

Session::Session(SessionEvents& events, quic::Transport& transport, const Limits& limits, std::span<std::byte> scratch)
    : events_(events),
      transport_(transport),
      limits_(limits),
      streams_allowed_(limits.streams_max),
      decoder_(scratch) {}

bool Session::start() {
  const auto control = transport_.open_one_way();
  const auto encoder = control ? transport_.open_one_way() : std::nullopt;
  const auto decoder = encoder ? transport_.open_one_way() : std::nullopt;
  if (!decoder) return false;
  control_.id = *control;
  encoder_out_.id = *encoder;
  decoder_out_.id = *decoder;
  control_.bytes.append(std::array{static_cast<std::byte>(StreamType::kControl)});
  encoder_out_.bytes.append(std::array{static_cast<std::byte>(StreamType::kEncoder)});
  decoder_out_.bytes.append(std::array{static_cast<std::byte>(StreamType::kDecoder)});
  const std::array<SettingsEntry, 5> settings{{
      {Setting::kMaxFieldSectionSize, limits_.header_bytes_max},
      {Setting::kQpackMaxTableCapacity, hpack::kTableBytesMax},
      {Setting::kQpackBlockedStreams, kWaitingStreamsMax},
      {Setting::kDatagram, 1},
      {Setting::kEnableConnectProtocol, 1},
  }};
  Varints payload;
  for (const auto& setting : settings) {
    payload.add(static_cast<std::uint64_t>(setting.id));
    payload.add(setting.value);
  }
  append_frame(control_, FrameType::kSettings, payload.view());
  return true;
}

void Session::adopt(RequestStream& stream) {
  streams_.add(stream);
  next_request_ = std::max(next_request_, stream.id + 4);
  stream.order_known = early_priorities_.find(static_cast<std::uint64_t>(stream.id), stream.priority);
}

RequestStream* Session::find(quic::StreamId id) const {
  if (broken_ || !quic::is_bidirectional(id)) return nullptr;
  return streams_.find(static_cast<std::uint64_t>(id));
}

void Session::forget(Stream& stream) {
  if (RequestStream* found = find(stream)) found->exchange = nullptr;
}

Session::Reading Session::read(quic::StreamId id, RequestStream* stream, base::ByteView bytes, bool last) {
  if (broken_) return {};
  read_ = {};
  if (stream) {
    read_request(*stream, bytes, last);
    release(id, read_.framing);
  } else {
    read_one_way(id, bytes, last);
    release(id, bytes.size());
  }
  return read_;
}

// --- ends

bool Session::close(quic::StreamId id) {
  if (broken_) return true;
  if (RequestStream* stream = find(id)) {
    shut_reading(id);
    held_ -= stream->bytes.held();
    streams_.remove(*stream);
    static_cast<base::ListNode<StarvedStreams>&>(*stream).unlink();
    Order::remove(*stream);
    ++streams_allowed_;
    feed_the_starved();
    return true;
  }
  std::erase_if(strangers_, [id](const Stranger& stranger) { return stranger.id == id; });
  return !find_own(id) && id != control_in_ && id != encoder_in_ && id != decoder_in_;
}

void Session::announce_shutdown() { append_goaway(kLastRequest); }

void Session::shut_down() { append_goaway(static_cast<std::uint64_t>(next_request_)); }

void Session::append_goaway(std::uint64_t id) {
  Varints payload;
  payload.add(id);
  append_frame(control_, FrameType::kGoaway, payload.view());
}

bool Session::is_datagram(base::ByteView bytes) {
  constexpr std::uint64_t kNumberMax = (std::uint64_t{1} << 60) - 1;
  base::ByteReader reader(bytes);
  const auto number = read_varint(reader);
  return number && *number <= kNumberMax;
}

}  // namespace gate::http::h3

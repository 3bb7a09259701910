#include <array>

#include "base/text.h"
#include "bench/bars/stage.h"
#include "bench/browser_lines.h"
#include "http/h3/h3_wire.h"
#include "http/h3/raw_client_for_test.h"

namespace gate::bench {
namespace {

namespace raw = http::h3::testing;

// QUIC that takes everything at once and carries it nowhere.
class Transport final : public quic::Transport {
 public:
  std::optional<quic::StreamId> open_one_way() override { return std::exchange(next_one_way_, next_one_way_ + 4); }
  void release(quic::StreamId, std::size_t) override {}
  void release_connection(std::size_t) override {}
  void allow_another_stream() override {}
  void reset(quic::StreamId, quic::ApplicationError) override {}
  void stop(quic::StreamId, quic::ApplicationError) override {}
  bool window_shut(quic::StreamId) const override { return false; }
  std::size_t datagram_bytes_max() const override { return 0; }
  bool send_datagram(base::ByteView) override { return false; }
  void close(quic::ApplicationError, std::string_view) override {}
  void wake() override {}

 private:
  quic::StreamId next_one_way_ = 3;  // RFC 9000 2.1: opened by the server
};

class H3Client final : public Client {
 public:
  explicit H3Client(Stage& stage) : wire_(stage.context(), stage, stage.connection(), stage.limits(), transport_) {
    constexpr quic::StreamId kControl = 2;
    constexpr quic::StreamId kEncoder = 6;
    constexpr quic::StreamId kDecoder = 10;
    wire_.start();
    say(kControl, raw::stream_type(raw::StreamType::kControl) + raw::settings());
    say(kEncoder, raw::stream_type(raw::StreamType::kEncoder));
    say(kDecoder, raw::stream_type(raw::StreamType::kDecoder));
    take_answers();
  }

  void serve() override {
    for (std::size_t i = 0; i < kStreams; ++i) wire_.received(first_ + stream_at(i), base::as_bytes(request_), true);
    take_answers();
    for (std::size_t i = 0; i < kStreams; ++i) {
      wire_.acknowledged(first_ + stream_at(i), std::exchange(sent_[i], 0));
      wire_.closed(first_ + stream_at(i), std::nullopt);
    }
    first_ += stream_at(kStreams);
  }

 private:
  // RFC 9000 2.1: those that clients open both ways.
  static constexpr quic::StreamId stream_at(std::size_t index) { return static_cast<quic::StreamId>(4 * index); }

  void say(quic::StreamId stream, const std::string& bytes) { wire_.received(stream, base::as_bytes(bytes), false); }

  void take_answers() {
    for (;;) {
      const quic::StreamOutput output = wire_.next_output();
      if (output.nothing()) return;
      std::size_t bytes = 0;
      for (std::size_t i = 0; i < output.count; ++i) bytes += output.pieces[i].size();
      if (quic::is_bidirectional(output.stream)) sent_[static_cast<std::size_t>(output.stream - first_) / 4] += bytes;
      wire_.taken(output.stream, bytes);
    }
  }

  const std::string request_ = raw::headers(kBrowserLines);
  quic::StreamId first_ = 0;
  std::array<std::uint64_t, kStreams> sent_{};
  Transport transport_;
  http::h3::H3Wire wire_;
};

}  // namespace

std::unique_ptr<Client> connect_h3(Stage& stage) { return std::make_unique<H3Client>(stage); }

}  // namespace gate::bench

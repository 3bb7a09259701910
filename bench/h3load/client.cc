#include "client.h"

#include <array>
#include <map>
#include <string_view>

#include "base/check.h"
#include "os/random.h"
#include "quic/connection.h"
#include "tls/client.h"

namespace gate::bench {
namespace {

nghttp3_nv line(std::string_view name, std::string_view value) {
  const auto octets = [](std::string_view text) {
    return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
  };
  return {octets(name), octets(value), name.size(), value.size(),
          NGHTTP3_NV_FLAG_NO_COPY_NAME | NGHTTP3_NV_FLAG_NO_COPY_VALUE};
}

void must(int result) { GATE_CHECK(result == 0); }

}  // namespace

// HTTP/3 on one connection, by nghttp3.
class Client::Http3 final : public quic::Application {
 public:
  Http3(const Target& target, Tally& tally, quic::Connection& connection)
      : target_(target), tally_(tally), connection_(connection) {
    nghttp3_callbacks callbacks{};
    callbacks.recv_data = [](nghttp3_conn*, std::int64_t stream, const std::uint8_t*, std::size_t size, void* self,
                             void*) {
      static_cast<Http3*>(self)->data(stream, size);
      return 0;
    };
    callbacks.deferred_consume = [](nghttp3_conn*, std::int64_t stream, std::size_t size, void* self, void*) {
      static_cast<Http3*>(self)->connection_.release(stream, size);
      return 0;
    };
    callbacks.recv_header = [](nghttp3_conn*, std::int64_t stream, std::int32_t token, nghttp3_rcbuf*,
                               nghttp3_rcbuf* value, std::uint8_t, void* self, void*) {
      if (token == NGHTTP3_QPACK_TOKEN__STATUS) static_cast<Http3*>(self)->status(stream, nghttp3_rcbuf_get_buf(value));
      return 0;
    };
    callbacks.end_stream = [](nghttp3_conn*, std::int64_t stream, void* self, void*) {
      static_cast<Http3*>(self)->responses_[stream].whole = true;
      return 0;
    };
    callbacks.shutdown = [](nghttp3_conn*, std::int64_t, void* self) {
      static_cast<Http3*>(self)->goaway_ = true;
      return 0;
    };
    nghttp3_settings settings;
    nghttp3_settings_default(&settings);
    nghttp3_conn* made = nullptr;
    must(nghttp3_conn_client_new(&made, &callbacks, &settings, nullptr, this));
    native_.reset(made);
  }

  void start() override {
    const auto control = connection_.open_one_way();
    const auto encoder = connection_.open_one_way();
    const auto decoder = connection_.open_one_way();
    GATE_CHECK(control && encoder && decoder);
    must(nghttp3_conn_bind_control_stream(native_.get(), *control));
    must(nghttp3_conn_bind_qpack_streams(native_.get(), *encoder, *decoder));
  }

  void received(quic::StreamId stream, base::ByteView bytes, bool last) override {
    const auto used = nghttp3_conn_read_stream(native_.get(), stream,
                                               reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(), last);
    GATE_CHECK(used >= 0);
    connection_.release(stream, static_cast<std::size_t>(used));
  }
  void reset_by_peer(quic::StreamId stream, quic::ApplicationError) override {
    must(nghttp3_conn_shutdown_stream_read(native_.get(), stream));
  }
  void stopped_by_peer(quic::StreamId stream, quic::ApplicationError) override {
    nghttp3_conn_shutdown_stream_write(native_.get(), stream);
  }
  void closed(quic::StreamId stream, std::optional<quic::ApplicationError> code) override {
    nghttp3_conn_close_stream(native_.get(), stream, code.value_or(NGHTTP3_H3_NO_ERROR));
    const auto response = responses_.find(stream);
    if (response == responses_.end()) return;
    // RFC 9114 5.2: such a request was not looked at, and is sent again elsewhere.
    if (code == NGHTTP3_H3_REQUEST_REJECTED) {
      --tally_.begun;
    } else {
      ++(response->second.good && response->second.whole ? tally_.succeeded : tally_.failed);
    }
    responses_.erase(response);
  }
  quic::StreamOutput next_output() override {
    // Not as soon as a response is there: the server may allow the next stream later than it ends the one before.
    while (responses_.size() < target_.streams && ask()) {
    }
    std::array<nghttp3_vec, quic::StreamOutput::kPiecesMax> pieces;
    int last = 0;
    quic::StreamOutput output;
    const auto count = nghttp3_conn_writev_stream(native_.get(), &output.stream, &last, pieces.data(), pieces.size());
    GATE_CHECK(count >= 0);
    for (; output.count < static_cast<std::size_t>(count); ++output.count) {
      const auto& piece = pieces[output.count];
      output.pieces[output.count] = std::as_bytes(std::span(piece.base, piece.len));
    }
    output.last = last != 0;
    return output;
  }
  void taken(quic::StreamId stream, std::size_t count) override {
    must(nghttp3_conn_add_write_offset(native_.get(), stream, count));
  }
  void blocked(quic::StreamId stream) override { nghttp3_conn_block_stream(native_.get(), stream); }
  void unblocked(quic::StreamId stream) override { must(nghttp3_conn_unblock_stream(native_.get(), stream)); }
  void shut(quic::StreamId stream) override { nghttp3_conn_shutdown_stream_write(native_.get(), stream); }
  void acknowledged(quic::StreamId stream, std::uint64_t count) override {
    must(nghttp3_conn_add_ack_offset(native_.get(), stream, count));
  }
  void datagram(base::ByteView) override {}
  void abandoned() override {
    tally_.failed += responses_.size();
    responses_.clear();
    goaway_ = true;
  }
  bool exhausted() const { return goaway_ && responses_.empty(); }

 private:
  struct Free {
    void operator()(nghttp3_conn* native) const { nghttp3_conn_del(native); }
  };
  struct Response {
    bool good = false;
    bool whole = false;
  };

  // False when there is nothing more to ask for, or the server allows no more at once.
  bool ask() {
    if (goaway_ || tally_.begun == tally_.wanted) return false;
    const auto stream = connection_.open_both_ways();
    if (!stream) return false;
    ++tally_.begun;
    responses_[*stream];
    const std::array<nghttp3_nv, 5> lines = {line(":method", "GET"), line(":scheme", "https"),
                                             line(":authority", target_.authority), line(":path", target_.path),
                                             line("user-agent", "h3load")};
    must(nghttp3_conn_submit_request(native_.get(), *stream, lines.data(), lines.size(), nullptr, nullptr));
    return true;
  }
  void status(quic::StreamId stream, nghttp3_vec value) {
    responses_[stream].good = std::string_view(reinterpret_cast<const char*>(value.base), value.len) == "200";
  }
  void data(quic::StreamId stream, std::size_t size) {
    tally_.bytes += size;
    connection_.release(stream, size);
  }

  const Target& target_;
  Tally& tally_;
  quic::Connection& connection_;
  std::unique_ptr<nghttp3_conn, Free> native_;
  std::map<quic::StreamId, Response> responses_;
  bool goaway_ = false;
};

Client::Client(const Target& target, const quic::Path& path, Tally& tally, const base::Clock& clock)
    : target_(target), tally_(tally) {
  static const auto context = *tls::ClientContext::create({.alpn = {"h3"}, .version_min = tls::kTls13}, clock);
  // Windows so wide that the server's side decides.
  const quic::ConnectionSettings settings{.streams_max = 0,
                                          .stream_window_bytes = 16 * 1024 * 1024,
                                          .connection_window_bytes = 64 * 1024 * 1024,
                                          .stream_window_bytes_max = 16 * 1024 * 1024,
                                          .connection_window_bytes_max = 64 * 1024 * 1024};
  quic::ConnectionHost& host = *this;
  quic::ConnectionOwner& owner = *this;
  connection_ =
      std::make_unique<quic::Connection>(settings, context, tls::ClientTarget{target.name}, host, owner, path, clock);
}

Client::~Client() = default;

bool Client::exhausted() const { return http3_ != nullptr && http3_->exhausted(); }

quic::ConnectionId Client::issue_id(quic::Connection&) {
  std::array<std::byte, 8> bytes;
  random_.fill(bytes);
  return *quic::ConnectionId::from(bytes);
}

std::unique_ptr<quic::Application> Client::make_application(quic::Connection& connection) {
  auto http3 = std::make_unique<Http3>(target_, tally_, connection);
  http3_ = http3.get();
  return http3;
}

}  // namespace gate::bench

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "http/h3/wire_for_test.h"

// The same server seen by an independent client: nghttp3's own, with its field compression.
namespace gate::http::h3 {
namespace {

using testing::WireTest;

struct Answer {
  std::map<std::string, std::string> fields;
  std::string body;
  bool ended = false;
  std::uint64_t error = NGHTTP3_H3_NO_ERROR;
};

// Carries bytes both ways between nghttp3's client and the wire, with windows as QUIC has them.
class Client {
 public:
  explicit Client(WireTest& test) : test_(test) {
    nghttp3_callbacks callbacks{};
    callbacks.recv_header = on_header;
    callbacks.recv_data = on_data;
    callbacks.end_stream = on_end;
    callbacks.acked_stream_data = on_acknowledged;
    callbacks.deferred_consume = on_deferred;
    nghttp3_settings settings;
    nghttp3_settings_default(&settings);
    settings.qpack_max_dtable_capacity = 4096;
    settings.qpack_blocked_streams = 16;
    nghttp3_conn* made = nullptr;
    nghttp3_conn_client_new(&made, &callbacks, &settings, nullptr, this);
    connection_.reset(made);
    nghttp3_conn_bind_control_stream(made, 2);
    nghttp3_conn_bind_qpack_streams(made, 6, 10);
    test_.wire->start();
  }

  quic::StreamId request(const std::string& method, const std::string& path, std::string body = {}) {
    const std::string long_value(200, 'v');
    const std::array<nghttp3_nv, 6> lines{line(":method", method),           line(":scheme", "https"),
                                          line(":authority", "example.com"), line(":path", path),
                                          line("user-agent", "nghttp3"),     line("cookie", long_value)};
    const quic::StreamId id = std::exchange(next_, next_ + 4);
    uploads_[id] = {std::move(body), 0};
    const nghttp3_data_reader reader{.read_data = read_upload};
    const bool has_body = !uploads_[id].bytes.empty();
    EXPECT_EQ(nghttp3_conn_submit_request(connection_.get(), id, lines.data(), lines.size(),
                                          has_body ? &reader : nullptr, nullptr),
              0);
    return id;
  }

  void run() {
    for (bool moved = true; moved;) {
      moved = send();
      moved = receive() || moved;
    }
  }

  std::map<quic::StreamId, Answer> answers;

 private:
  struct Upload {
    std::string bytes;
    std::size_t at = 0;
  };

  // What the client says, as far as the credit the wire gives back goes.
  bool send() {
    bool moved = false;
    for (;;) {
      std::int64_t id = -1;
      int last = 0;
      std::array<nghttp3_vec, 8> pieces;
      const auto count = nghttp3_conn_writev_stream(connection_.get(), &id, &last, pieces.data(), pieces.size());
      EXPECT_GE(count, 0);
      if (id < 0 || count < 0) return moved;
      std::string bytes;
      for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
        bytes.append(reinterpret_cast<const char*>(pieces[i].base), pieces[i].len);
      }
      auto& sent = sent_[id];
      const std::size_t window = kWindow + test_.transport.at(id).released - sent;
      const std::size_t taken = std::min(bytes.size(), window);
      if (taken == 0 && !bytes.empty()) {
        nghttp3_conn_block_stream(connection_.get(), id);
        blocked_.push_back(id);
        continue;
      }
      sent += taken;
      EXPECT_EQ(nghttp3_conn_add_write_offset(connection_.get(), id, taken), 0);
      test_.send(id, std::string_view(bytes).substr(0, taken), last != 0 && taken == bytes.size());
      EXPECT_EQ(nghttp3_conn_add_ack_offset(connection_.get(), id, taken), 0);
      moved = true;
    }
  }

  bool receive() {
    test_.transport.produce(*test_.wire);
    bool moved = false;
    const auto live = test_.transport.live;
    for (const auto id : live) {
      const auto& end = test_.transport.at(id);
      const std::string_view news = std::string_view(end.bytes).substr(end.acknowledged);
      if (!news.empty() || (end.ended && !answers[id].ended && quic::is_bidirectional(id))) {
        moved = true;
        EXPECT_GE(nghttp3_conn_read_stream(connection_.get(), id, reinterpret_cast<const std::uint8_t*>(news.data()),
                                           news.size(), end.ended ? 1 : 0),
                  0);
      }
    }
    test_.transport.acknowledge_all(*test_.wire);
    for (const auto id : std::exchange(blocked_, {})) {
      if (kWindow + test_.transport.at(id).released > sent_[id]) moved = true;
      nghttp3_conn_unblock_stream(connection_.get(), id);
    }
    return moved;
  }

  static nghttp3_nv line(std::string_view name, std::string_view value) {
    const auto octets = [](std::string_view text) { return reinterpret_cast<const std::uint8_t*>(text.data()); };
    return {octets(name), octets(value), name.size(), value.size(), NGHTTP3_NV_FLAG_TRY_INDEX};
  }
  static std::string text_of(nghttp3_rcbuf* buffer) {
    const auto bytes = nghttp3_rcbuf_get_buf(buffer);
    return {reinterpret_cast<const char*>(bytes.base), bytes.len};
  }
  static int on_header(nghttp3_conn*, std::int64_t id, std::int32_t, nghttp3_rcbuf* name, nghttp3_rcbuf* value,
                       std::uint8_t, void* self, void*) {
    static_cast<Client*>(self)->answers[id].fields[text_of(name)] = text_of(value);
    return 0;
  }
  static int on_data(nghttp3_conn*, std::int64_t id, const std::uint8_t* data, std::size_t size, void* self, void*) {
    static_cast<Client*>(self)->answers[id].body.append(data, data + size);
    return 0;
  }
  static int on_end(nghttp3_conn*, std::int64_t id, void* self, void*) {
    static_cast<Client*>(self)->answers[id].ended = true;
    return 0;
  }
  static int on_acknowledged(nghttp3_conn*, std::int64_t, std::uint64_t, void*, void*) { return 0; }
  static int on_deferred(nghttp3_conn*, std::int64_t, std::size_t, void*, void*) { return 0; }
  static nghttp3_ssize read_upload(nghttp3_conn*, std::int64_t id, nghttp3_vec* pieces, std::size_t,
                                   std::uint32_t* flags, void* self, void*) {
    Upload& upload = static_cast<Client*>(self)->uploads_[id];
    const std::size_t count = std::min<std::size_t>(upload.bytes.size() - upload.at, 20'000);
    pieces[0] = {reinterpret_cast<std::uint8_t*>(upload.bytes.data()) + upload.at, count};
    upload.at += count;
    if (upload.at == upload.bytes.size()) *flags |= NGHTTP3_DATA_FLAG_EOF;
    return 1;
  }

  struct Delete {
    void operator()(nghttp3_conn* connection) const { nghttp3_conn_del(connection); }
  };

  static constexpr std::size_t kWindow = 100'000;  // before any credit

  WireTest& test_;
  std::unique_ptr<nghttp3_conn, Delete> connection_;
  std::map<quic::StreamId, Upload> uploads_;
  std::map<quic::StreamId, std::size_t> sent_;
  std::vector<quic::StreamId> blocked_;
  quic::StreamId next_ = 0;
};

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i * 7 % 26);
  return text;
}

// Sends back what it gets.
class Echo final : public BodySource, private BodyWaker {
 public:
  explicit Echo(BodySource& from) : from_(from) { from.set_waker(this); }
  ~Echo() override { from_.set_waker(nullptr); }
  Echo(const Echo&) = delete;
  Echo& operator=(const Echo&) = delete;
  BodyRead read(std::span<std::byte> into) override { return from_.read(into); }

 private:
  void body_ready() override { wake(); }
  BodySource& from_;
};

TEST(H3WithNghttp3, a_large_download_arrives_whole) {
  WireTest test;
  const std::string content = pattern(3'000'000);
  test.service = [&](Exchange& exchange) {
    exchange.response.body = exchange.make_text_body(content);
    exchange.respond();
  };
  Client client(test);
  const auto id = client.request("GET", "/");
  client.run();
  EXPECT_EQ(client.answers[id].fields[":status"], "200");
  EXPECT_EQ(client.answers[id].fields["content-length"], "3000000");
  EXPECT_TRUE(client.answers[id].body == content);
  EXPECT_TRUE(client.answers[id].ended);
}

TEST(H3WithNghttp3, a_large_upload_comes_back_whole) {
  WireTest test;
  test.service = [](Exchange& exchange) {
    exchange.response.body = exchange.make_body<Echo>(exchange.request_body());
    exchange.respond();
  };
  Client client(test);
  const std::string content = pattern(3'000'000);
  const auto id = client.request("POST", "/", content);
  client.run();
  EXPECT_TRUE(client.answers[id].body == content);
  EXPECT_TRUE(client.answers[id].ended);
  EXPECT_EQ(test.ended.at(0).request_bytes, content.size());
}

TEST(H3WithNghttp3, many_requests_each_get_their_own_and_share_the_dynamic_table) {
  WireTest test;
  test.service = [](Exchange& exchange) {
    exchange.response.fields.add("x-same", "a value that is the same in every response of this test");
    exchange.response.body = exchange.make_text_body(exchange.request.target);
    exchange.respond();
  };
  Client client(test);
  std::map<quic::StreamId, std::string> asked;
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 100; ++i) {
      const std::string path = "/" + std::to_string(round) + "/" + std::to_string(i);
      asked[client.request("GET", path)] = path;
    }
    client.run();
  }
  for (const auto& [id, path] : asked) {
    EXPECT_EQ(client.answers[id].body, path);
    EXPECT_TRUE(client.answers[id].ended);
  }
  EXPECT_EQ(test.ended.size(), 1000U);
  EXPECT_EQ(test.transport.streams_allowed, 1000U);
  EXPECT_TRUE(test.violations.empty());
}

}  // namespace
}  // namespace gate::http::h3

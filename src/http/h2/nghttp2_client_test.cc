#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "http/h2/wire_for_test.h"

// The same server seen by an independent client: nghttp2's own, with its flow control and header compression.
namespace gate::http::h2 {
namespace {

using testing::WireTest;

struct Answer {
  std::map<std::string, std::string> fields;
  std::string body;
  bool closed = false;
  std::uint32_t error = 0;
};

class Client {
 public:
  explicit Client(WireTest& test) : test_(test) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    nghttp2_session* made = nullptr;
    nghttp2_session_client_new(&made, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    session_.reset(made);
    nghttp2_submit_settings(made, NGHTTP2_FLAG_NONE, nullptr, 0);
  }

  std::int32_t request(const std::string& method, const std::string& path, std::string body = {}) {
    const std::string scheme = "https";
    const std::string authority = "example.com";
    const std::array<nghttp2_nv, 4> lines{line(":method", method), line(":scheme", scheme),
                                          line(":authority", authority), line(":path", path)};
    uploads_.push_back(std::make_unique<std::string>(std::move(body)));
    nghttp2_data_provider provider{.source = {.ptr = uploads_.back().get()}, .read_callback = read_upload};
    const bool has_body = !uploads_.back()->empty();
    return nghttp2_submit_request(session_.get(), nullptr, lines.data(), lines.size(), has_body ? &provider : nullptr,
                                  nullptr);
  }

  // Carries bytes both ways until neither side has anything to say.
  void run() {
    for (bool moved = true; moved;) {
      moved = false;
      const std::uint8_t* bytes = nullptr;
      while (const auto size = nghttp2_session_mem_send(session_.get(), &bytes)) {
        ASSERT_GT(size, 0);
        test_.wire->receive(std::as_bytes(std::span(bytes, static_cast<std::size_t>(size))));
        moved = true;
      }
      base::Buffer out;
      test_.wire->produce(out, 16'384);
      if (out.empty()) continue;
      moved = true;
      test_.wire->note_progress(out.size());
      const auto view = out.view();
      ASSERT_EQ(
          nghttp2_session_mem_recv(session_.get(), reinterpret_cast<const std::uint8_t*>(view.data()), view.size()),
          static_cast<ssize_t>(view.size()));
    }
  }

  std::map<std::int32_t, Answer> answers;

 private:
  static nghttp2_nv line(std::string_view name, std::string_view value) {
    const auto octets = [](std::string_view text) {
      return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
    };
    return {octets(name), octets(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
  }
  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                       const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* self) {
    static_cast<Client*>(self)->answers[frame->hd.stream_id].fields[std::string(name, name + name_size)] =
        std::string(value, value + value_size);
    return 0;
  }
  static int on_data(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* data, std::size_t size,
                     void* self) {
    static_cast<Client*>(self)->answers[id].body.append(data, data + size);
    return 0;
  }
  static int on_close(nghttp2_session*, std::int32_t id, std::uint32_t error, void* self) {
    auto& answer = static_cast<Client*>(self)->answers[id];
    answer.closed = true;
    answer.error = error;
    return 0;
  }
  static ssize_t read_upload(nghttp2_session*, std::int32_t, std::uint8_t* into, std::size_t size, std::uint32_t* flags,
                             nghttp2_data_source* source, void*) {
    auto& rest = *static_cast<std::string*>(source->ptr);
    const std::size_t count = std::min(size, rest.size());
    std::copy_n(rest.data(), count, into);
    rest.erase(0, count);
    if (rest.empty()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(count);
  }

  struct Delete {
    void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
  };
  WireTest& test_;
  std::unique_ptr<nghttp2_session, Delete> session_;
  std::vector<std::unique_ptr<std::string>> uploads_;
};

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i * 7 % 26);
  return text;
}

TEST(H2WithNghttp2, a_large_download_arrives_whole) {
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
  EXPECT_TRUE(client.answers[id].closed);
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

TEST(H2WithNghttp2, a_large_upload_comes_back_whole) {
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
  EXPECT_EQ(client.answers[id].error, 0u);
  EXPECT_EQ(test.ended.at(0).request_bytes, content.size());
}

TEST(H2WithNghttp2, many_streams_at_once_each_get_their_own) {
  WireTest test;
  test.service = [](Exchange& exchange) {
    exchange.response.body = exchange.make_text_body(exchange.request.target);
    exchange.respond();
  };
  Client client(test);
  std::map<std::int32_t, std::string> asked;
  for (int i = 0; i < 1000; ++i) {
    const std::string path = "/" + std::to_string(i);
    asked[client.request("GET", path)] = path;
  }
  client.run();
  for (const auto& [id, path] : asked) EXPECT_EQ(client.answers[id].body, path);
  EXPECT_EQ(test.ended.size(), 1000u);
  EXPECT_TRUE(test.violations.empty());
}

}  // namespace
}  // namespace gate::http::h2

// What a response looks like on the wire, and when it is written.

#include <gtest/gtest.h>

#include <array>
#include <charconv>
#include <string>

#include "http/h1/harness_for_test.h"
#include "http/h1/wire.h"

namespace gate::http::h1 {
namespace {

using testing::Bench;
using testing::PiecesBody;
using testing::statuses;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

Bench::Handle answer(PiecesBody::Plan plan) {
  return [plan](Exchange& exchange) {
    exchange.response.body = exchange.make_body<PiecesBody>(plan);
    exchange.respond();
  };
}

TEST(H1Response, is_written_with_head_and_body_in_one) {
  Bench bench;
  bench.handle = [](Exchange& exchange) {
    exchange.response.fields.add(FieldId::kContentType, "text/plain");
    exchange.response.fields.add("x-own", "1");
    exchange.response.body = exchange.make_text_body("hello");
    exchange.respond();
  };
  bench.wire->receive(base::as_bytes(kGet));
  base::Buffer out;
  bench.wire->produce(out, 16 * 1024);
  EXPECT_EQ(base::as_text(out.view()),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nx-own: 1\r\nServer: gate443\r\nDate: Sun, 06 Nov 1994 "
            "08:49:37 GMT\r\n"
            "Content-Length: 5\r\n\r\nhello");
}

TEST(H1Response, leaves_the_server_field_to_the_response) {
  Bench bench;
  bench.handle = [](Exchange& exchange) {
    exchange.response.fields.add(FieldId::kServer, "other");
    exchange.respond();
  };
  bench.send(kGet);
  const std::string output = bench.take_output();
  EXPECT_TRUE(output.contains("Server: other\r\n"));
  EXPECT_FALSE(output.contains("gate443"));
}

TEST(H1Response, ignores_framing_fields_of_the_response) {
  Bench bench;
  bench.handle = [](Exchange& exchange) {
    for (const auto id : {FieldId::kContentLength, FieldId::kTransferEncoding, FieldId::kConnection, FieldId::kDate}) {
      exchange.response.fields.add(id, "wrong");
    }
    exchange.respond();
  };
  bench.send(kGet);
  EXPECT_FALSE(bench.take_output().contains("wrong"));
}

TEST(H1Response, has_no_phrase_for_an_unregistered_status) {
  Bench bench;
  bench.handle = [](Exchange& exchange) {
    exchange.response.status = 299;
    exchange.respond();
  };
  bench.send(kGet);
  EXPECT_TRUE(bench.take_output().starts_with("HTTP/1.1 299 \r\n"));
}

TEST(H1Response, cannot_be_split_by_a_field) {
  for (const std::string_view value : {"/\r\nSet-Cookie: a", "/\n", "/\r"}) {
    Bench bench;
    bench.handle = [value](Exchange& exchange) {
      exchange.response.fields.add(FieldId::kLocation, value);
      exchange.response.body = exchange.make_text_body("secret");
      exchange.respond();
    };
    bench.send(kGet);
    const std::string output = bench.take_output();
    EXPECT_TRUE(output.starts_with("HTTP/1.1 500 ")) << output;
    EXPECT_FALSE(output.contains("Location"));
    EXPECT_FALSE(output.contains("secret"));
    EXPECT_FALSE(bench.ended.at(0).reason.empty());
  }
}

TEST(H1Response, to_head_declares_and_sends_nothing) {
  Bench bench;
  bench.handle = answer({.pieces = {"hello"}, .says_length = true});
  bench.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string output = bench.take_output();
  EXPECT_TRUE(output.ends_with("Content-Length: 5\r\n\r\n")) << output;
  EXPECT_EQ(bench.ended.at(0).response_body_bytes, 0U);
}

TEST(H1Response, without_content_has_no_length) {
  for (const int status : {204, 304}) {
    Bench bench;
    bench.handle = [status](Exchange& exchange) {
      exchange.response.status = static_cast<std::uint16_t>(status);
      exchange.response.body = exchange.make_text_body("hello");
      exchange.respond();
    };
    bench.send(std::string(kGet) + std::string(kGet));
    const std::string output = bench.take_output();
    EXPECT_EQ(statuses(output), (std::vector{status, status}));
    EXPECT_FALSE(output.contains("Content-Length"));
    EXPECT_FALSE(output.contains("hello"));
  }
}

TEST(H1Response, of_unknown_length_is_chunked) {
  Bench bench;
  bench.handle = answer({.pieces = {"hello", ", world, it is me"}});
  bench.send(kGet);
  const std::string output = bench.take_output();
  EXPECT_TRUE(output.contains("Transfer-Encoding: chunked\r\n"));
  EXPECT_FALSE(output.contains("Content-Length"));
  EXPECT_TRUE(output.ends_with("\r\n\r\n5\r\nhello\r\n11\r\n, world, it is me\r\n0\r\n\r\n")) << output;
  EXPECT_EQ(bench.ended.at(0).response_body_bytes, 22U);
  EXPECT_FALSE(bench.wire->finished());
}

TEST(H1Response, writes_chunk_sizes_without_leading_zeros) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{15}, std::size_t{16}, std::size_t{255}, std::size_t{256},
                                 std::size_t{4095}, std::size_t{4096}, std::size_t{10000}}) {
    Bench bench;
    const std::string content(size, 'x');
    bench.handle = answer({.pieces = {content}});
    bench.send(kGet);
    std::array<char, 16> hex{};
    const auto end = std::to_chars(hex.data(), hex.data() + hex.size(), size, 16).ptr;
    EXPECT_TRUE(
        bench.take_output().ends_with("\r\n\r\n" + std::string(hex.data(), end) + "\r\n" + content + "\r\n0\r\n\r\n"))
        << size;
  }
}

TEST(H1Response, ends_with_its_trailers) {
  Bench bench;
  base::BlockPool blocks;
  base::Arena arena(blocks);
  FieldList trailers(arena);
  trailers.add("x-sum", "1");
  trailers.add(FieldId::kETag, "\"a\"");
  trailers.add(FieldId::kContentLength, "7");
  trailers.add("x-bad", "a\r\nb: c");
  bench.handle = answer({.pieces = {"hello"}, .trailers = &trailers});
  bench.send(kGet);
  EXPECT_TRUE(bench.take_output().ends_with("5\r\nhello\r\n0\r\nx-sum: 1\r\nETag: \"a\"\r\n\r\n"));
}

TEST(H1Response, to_an_old_client_ends_with_the_connection) {
  Bench bench;
  bench.handle = answer({.pieces = {"hello"}});
  bench.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const std::string output = bench.take_output();
  EXPECT_FALSE(output.contains("chunked"));
  EXPECT_TRUE(output.contains("Connection: close\r\n"));
  EXPECT_TRUE(output.ends_with("\r\n\r\nhello"));
  EXPECT_TRUE(bench.wire->finished());
}

TEST(H1Response, continues_when_its_waiting_body_wakes) {
  Bench bench;
  PiecesBody* body = nullptr;
  bench.handle = [&](Exchange& exchange) {
    exchange.response.body = exchange.make_body<PiecesBody>(PiecesBody::Plan{.pieces = {"hello", "", ", world"}});
    body = static_cast<PiecesBody*>(exchange.response.body.get());
    exchange.respond();
  };
  bench.wire->receive(base::as_bytes(kGet));
  base::Buffer out;
  bench.wire->produce(out, 16 * 1024);
  EXPECT_TRUE(base::as_text(out.view()).ends_with("5\r\nhello\r\n"));
  const auto wakes = bench.wakes;
  body->wake_reader();
  EXPECT_EQ(bench.wakes, wakes + 1);
  bench.produce();
  EXPECT_TRUE(bench.take_output().ends_with("7\r\n, world\r\n0\r\n\r\n"));
}

TEST(H1Response, keeps_about_to_the_budget) {
  Bench bench;
  bench.handle = answer({.pieces = {std::string(100'000, 'x')}, .says_length = true});
  bench.wire->receive(base::as_bytes(kGet));
  base::Buffer out;
  bench.wire->produce(out, 4096);
  EXPECT_EQ(out.size(), 4096U);
  out.clear();
  bench.wire->produce(out, 4096);
  EXPECT_EQ(out.size(), 4096U);
  bench.produce();
  EXPECT_EQ(bench.ended.at(0).response_body_bytes, 100'000U);
  EXPECT_EQ(bench.ended.at(0).outcome, Outcome::kComplete);
}

TEST(H1Response, that_fails_cuts_the_connection) {
  Bench bench;
  bench.handle = answer({.pieces = {"hello"}, .fails = true});
  bench.send(std::string(kGet) + std::string(kGet));
  const std::string output = bench.take_output();
  EXPECT_EQ(statuses(output), std::vector{200});
  EXPECT_FALSE(output.ends_with("0\r\n\r\n"));
  EXPECT_TRUE(bench.wire->finished());
  EXPECT_EQ(bench.ended.at(0).outcome, Outcome::kResponseFailed);
}

TEST(H1Response, shorter_than_declared_cuts_the_connection) {
  class Short final : public BodySource {
    BodyRead read(std::span<std::byte> into) override {
      into[0] = std::byte{'h'};
      return {BodyRead::State::kEnd, 1};
    }
    std::optional<std::uint64_t> length() const override { return 5; }
  };
  Bench bench;
  bench.handle = [](Exchange& exchange) {
    exchange.response.body = exchange.make_body<Short>();
    exchange.respond();
  };
  bench.send(std::string(kGet) + std::string(kGet));
  EXPECT_EQ(statuses(bench.take_output()), std::vector{200}) << "the next would be taken for the rest of this one";
  EXPECT_TRUE(bench.wire->finished());
  EXPECT_EQ(bench.ended.at(0).outcome, Outcome::kResponseFailed);
}

TEST(H1Response, may_come_later) {
  Bench bench;
  Exchange* waiting = nullptr;
  bench.handle = [&](Exchange& exchange) { waiting = &exchange; };
  bench.send(kGet);
  EXPECT_EQ(bench.take_output(), "");
  EXPECT_EQ(bench.wire->exchanges(), 1U);
  EXPECT_EQ(bench.wire->deadline(), base::Instant::max()) << "it is the service that takes its time";
  waiting->respond();
  EXPECT_GT(bench.wakes, 0U);
  bench.produce();
  EXPECT_EQ(statuses(bench.take_output()), std::vector{200});
  EXPECT_EQ(bench.wire->exchanges(), 0U);
}

}  // namespace
}  // namespace gate::http::h1

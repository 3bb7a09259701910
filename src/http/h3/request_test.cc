#include <gtest/gtest.h>

#include <array>
#include <string>

#include "http/h3/wire_for_test.h"
#include "http/multiplex/codes.h"

// How field sections and DATA become requests.
namespace gate::http::h3 {
namespace {

using testing::data_frame;
using testing::headers;
using testing::Lines;
using testing::request_lines;
using testing::WireTest;

// A service that keeps the exchange and reads when the test says so.
struct Reader {
  explicit Reader(WireTest& test) {
    test.service = [this](Exchange& given) { exchange = &given; };
  }

  BodyRead read(std::size_t max = 1 << 20) {
    std::string room(max, '\0');
    const auto result = exchange->request_body().read(std::as_writable_bytes(std::span(room)));
    text.append(room, 0, result.count);
    return result;
  }

  Exchange* exchange = nullptr;
  std::string text;
};

TEST(H3Request, its_head_becomes_the_exchange_s) {
  WireTest test;
  test.service = [](Exchange& exchange) {
    EXPECT_EQ(exchange.request.method, Method::kGet);
    EXPECT_EQ(exchange.request.version, Version::kHttp3);
    EXPECT_EQ(exchange.request.scheme, "https");
    EXPECT_EQ(exchange.request.authority, "example.com");
    EXPECT_EQ(exchange.request.host, "example.com");
    EXPECT_EQ(exchange.request.target, "/a?b");
    EXPECT_EQ(exchange.request.path, "/a");
    EXPECT_EQ(exchange.request.query, "b");
    EXPECT_EQ(exchange.request.fields.find(FieldId::kUserAgent)->value, "test");
    EXPECT_FALSE(exchange.request.has_body);
    EXPECT_EQ(exchange.stream_id, 4U);
    exchange.respond();
  };
  test.open();
  test.talk(4, testing::get("/a?b", {{"user-agent", "test"}}), true);
  EXPECT_EQ(test.dispatched, 1U);
  EXPECT_EQ(test.status(4), "200");
  ASSERT_EQ(test.ended.size(), 1U);
  EXPECT_EQ(test.ended[0].outcome, Outcome::kComplete);
  EXPECT_EQ(test.ended[0].stream_id, 4U);
  EXPECT_TRUE(test.violations.empty());
}

TEST(H3Request, comes_in_any_pieces) {
  WireTest test;
  Reader reader(test);
  test.open();
  const std::string head = testing::post() + data_frame("abc") + headers({{"x-sum", "1"}});
  for (std::size_t i = 0; i < head.size(); ++i) test.talk(0, head.substr(i, 1));
  test.talk(0, "", true);
  EXPECT_EQ(test.dispatched, 1U);
  EXPECT_EQ(reader.read().state, BodyRead::State::kEnd);
  EXPECT_EQ(reader.text, "abc");
  EXPECT_EQ(reader.exchange->request_body().trailers()->find("x-sum")->value, "1");
  reader.exchange->respond();
  test.receive();
  EXPECT_EQ(test.ended.at(0).outcome, Outcome::kComplete);
  EXPECT_TRUE(test.violations.empty());
}

TEST(H3Request, cookie_lines_are_one_again) {
  WireTest test;
  test.service = [](Exchange& exchange) {
    EXPECT_EQ(exchange.request.fields.find(FieldId::kCookie)->value, "a=1; b=2");
    exchange.respond();
  };
  test.open();
  test.talk(0, testing::get("/", {{"cookie", "a=1"}, {"cookie", "b=2"}}), true);
  EXPECT_EQ(test.dispatched, 1U);
}

TEST(H3Request, its_body_is_pulled_and_gives_credit_as_it_is_read) {
  WireTest test;
  Reader reader(test);
  test.open();
  test.talk(0, testing::post() + data_frame(std::string(1000, 'x')));
  const std::size_t framing = test.end(0).released;
  EXPECT_LT(framing, 300U);
  EXPECT_EQ(reader.read(400).count, 400U);
  EXPECT_EQ(test.end(0).released, framing + 400);
  EXPECT_EQ(reader.read().count, 600U);
  EXPECT_EQ(reader.read().state, BodyRead::State::kWait);
  test.talk(0, data_frame("end"), true);
  EXPECT_EQ(reader.read().state, BodyRead::State::kEnd);
  EXPECT_EQ(reader.text, std::string(1000, 'x') + "end");
  reader.exchange->respond();
  test.receive();
  EXPECT_EQ(test.ended.at(0).request_bytes, 1003U);
  EXPECT_EQ(test.transport.at(0).stopped, std::nullopt);
}

TEST(H3Request, trailers_are_there_at_the_end) {
  WireTest test;
  Reader reader(test);
  test.open();
  test.talk(0, testing::post() + data_frame("a") + headers({{"x-sum", "7"}, {"host", "evil"}}), true);
  EXPECT_EQ(reader.read().state, BodyRead::State::kEnd);
  const FieldList* trailers = reader.exchange->request_body().trailers();
  ASSERT_NE(trailers, nullptr);
  EXPECT_EQ(trailers->find("x-sum")->value, "7");
  EXPECT_EQ(trailers->find("host"), nullptr);
  reader.exchange->respond();
}

TEST(H3Request, what_waits_for_permission_gets_100_when_the_service_reads) {
  WireTest test;
  Reader reader(test);
  test.open();
  test.talk(0, testing::post({{"expect", "100-continue"}}));
  EXPECT_TRUE(test.frames(0).empty());
  EXPECT_EQ(reader.read().state, BodyRead::State::kWait);
  test.receive();
  ASSERT_EQ(test.frames(0).size(), 1U);
  EXPECT_EQ(test.frames(0)[0].line(":status"), "100");
  test.talk(0, data_frame("abc"), true);
  EXPECT_EQ(reader.read().count, 3U);
  reader.exchange->respond();
  test.receive();
  EXPECT_EQ(test.status(0), "200");
}

TEST(H3Request, an_answer_without_the_body_stops_the_client) {
  WireTest test;
  test.open();
  test.talk(0, testing::post({{"expect", "100-continue"}}));
  EXPECT_EQ(test.status(0), "200");
  EXPECT_EQ(test.end(0).stopped, Code::kNoError);
  EXPECT_EQ(test.end(0).reset, std::nullopt);
  EXPECT_EQ(test.ended.at(0).outcome, Outcome::kComplete);
}

TEST(H3Request, a_body_that_was_not_read_gives_its_credit_back_to_the_connection) {
  WireTest test;
  test.open();
  const std::string request = testing::post() + data_frame(std::string(10'000, 'x'));
  const std::size_t before = test.transport.connection_released;
  test.talk(0, request);
  EXPECT_EQ(test.transport.connection_released - before, request.size());
  EXPECT_LT(test.end(0).released, 300U);
}

TEST(H3Request, above_a_limit_it_is_refused_like_on_every_wire) {
  Limits limits;
  limits.target_bytes_max = 100;
  limits.header_bytes_max = 1000;
  limits.header_lines_max = 10;
  limits.body_bytes_max = 50;
  WireTest test(limits);
  test.open();
  test.talk(0, testing::get("/" + std::string(100, 'a')), true);
  EXPECT_EQ(test.status(0), "414");
  test.talk(4, testing::get("/", {{"x-much", std::string(1000, 'a')}}), true);
  EXPECT_EQ(test.status(4), "431");
  test.talk(8, testing::get("/", Lines(10, {"x-line", "1"})), true);
  EXPECT_EQ(test.status(8), "431");
  test.talk(12, testing::post({{"content-length", "51"}}));
  EXPECT_EQ(test.status(12), "413");
  EXPECT_EQ(test.dispatched, 0U);
  test.talk(16, testing::get("/" + std::string(50, 'a')), true);
  EXPECT_EQ(test.status(16), "200");
}

TEST(H3Request, a_body_that_grows_above_the_limit_is_refused) {
  Limits limits;
  limits.body_bytes_max = 50;
  WireTest test(limits);
  Reader reader(test);
  test.open();
  test.talk(0, testing::post() + data_frame(std::string(50, 'x')));
  EXPECT_EQ(reader.read(10).count, 10U);
  test.talk(0, data_frame("y"));
  EXPECT_EQ(reader.read().state, BodyRead::State::kFailed);
  reader.exchange->respond();
  test.receive();
  EXPECT_EQ(test.status(0), "413");
  EXPECT_EQ(test.end(0).stopped, Code::kNoError);
}

TEST(H3Request, trailers_above_the_limits_break_the_stream) {
  Limits limits;
  limits.header_lines_max = 10;
  WireTest test(limits);
  Reader reader(test);
  test.open();
  test.talk(0, testing::post() + data_frame("a"));
  test.talk(0, headers(Lines(10, {"x-line", "1"})), true);
  EXPECT_EQ(test.end(0).reset, Code::kExcessiveLoad);
  EXPECT_EQ(test.ended.at(0).outcome, Outcome::kServerClosed);
  EXPECT_EQ(test.transport.closed, std::nullopt);
}

TEST(H3Request, connect_is_not_supported_without_a_protocol) {
  WireTest test;
  test.open();
  test.talk(0, headers({{":method", "CONNECT"}, {":authority", "example.com:443"}}));
  EXPECT_EQ(test.status(0), "501");
  EXPECT_EQ(test.dispatched, 0U);
  EXPECT_TRUE(test.violations.empty());
}

TEST(H3Request, host_and_authority_must_agree) {
  WireTest test;
  test.open();
  test.talk(0, testing::get("/", {{"host", "other.example"}}), true);
  EXPECT_EQ(test.status(0), "400");
  test.talk(4, headers({{":method", "GET"}, {":scheme", "https"}, {":path", "/"}, {"host", "a.example"}}), true);
  EXPECT_EQ(test.status(4), "200");
}

// --- RFC 9114 4.1.2: malformed messages are errors of their stream

struct Malformed {
  const char* name;
  std::string bytes;
};

class H3MalformedTest : public ::testing::TestWithParam<Malformed> {};

TEST_P(H3MalformedTest, breaks_its_stream_and_no_other) {
  WireTest test;
  test.open();
  test.talk(4, testing::post());
  test.talk(0, GetParam().bytes, true);
  EXPECT_EQ(test.end(0).reset, Code::kMessageError);
  EXPECT_EQ(test.violations, std::vector<std::string>{"malformed message"});
  EXPECT_EQ(test.violation_codes.at(0), multiplex::kStreamBroken.number);
  EXPECT_EQ(test.transport.closed, std::nullopt);
  test.talk(8, testing::get(), true);
  EXPECT_EQ(test.status(8), "200");
}

Lines without(std::string_view name) {
  Lines lines = request_lines();
  std::erase_if(lines, [name](const auto& line) { return line.first == name; });
  return lines;
}

INSTANTIATE_TEST_SUITE_P(
    H3, H3MalformedTest,
    ::testing::Values(
        Malformed{"no_method", headers(without(":method"))}, Malformed{"no_scheme", headers(without(":scheme"))},
        Malformed{"no_path", headers(without(":path"))}, Malformed{"no_authority", headers(without(":authority"))},
        Malformed{"method_twice", headers(request_lines("GET", "/", {{":method", "GET"}}))},
        Malformed{
            "pseudo_field_after_fields",
            headers({{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {"x-own", "1"}, {":path", "/"}})},
        Malformed{"response_s_pseudo_field", testing::get("/", {{":status", "200"}})},
        Malformed{
            "unknown_pseudo_field",
            headers({{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":own", "1"}, {":path", "/"}})},
        Malformed{"upper_case_name", testing::get("/", {{"X-Own", "1"}})},
        Malformed{"connection", testing::get("/", {{"connection", "close"}})},
        Malformed{"keep_alive", testing::get("/", {{"keep-alive", "1"}})},
        Malformed{"proxy_connection", testing::get("/", {{"proxy-connection", "close"}})},
        Malformed{"transfer_encoding", testing::get("/", {{"transfer-encoding", "chunked"}})},
        Malformed{"upgrade", testing::get("/", {{"upgrade", "websocket"}})},
        Malformed{"te_other_than_trailers", testing::get("/", {{"te", "gzip"}})},
        Malformed{"content_length_twice", testing::get("/", {{"content-length", "0"}, {"content-length", "0"}})},
        Malformed{"content_length_not_a_number", testing::get("/", {{"content-length", "x"}})},
        Malformed{"less_than_content_length", testing::post({{"content-length", "5"}}) + data_frame("1234")},
        Malformed{"more_than_content_length", testing::post({{"content-length", "3"}}) + data_frame("1234")},
        Malformed{"protocol_without_connect", testing::get("/", {{":protocol", "websocket"}})},
        Malformed{"connect_with_path", headers(request_lines("CONNECT"))},
        Malformed{"path_without_slash", testing::get("a")},
        Malformed{"pseudo_field_in_trailers", testing::post() + headers({{":path", "/"}})},
        Malformed{"head_without_lines", testing::frame(testing::FrameType::kHeaders, std::string("\0\0", 2))},
        Malformed{"empty_head", testing::frame(testing::FrameType::kHeaders)}),
    [](const auto& param) { return param.param.name; });

TEST(H3Request, malformed_in_the_middle_of_the_body_it_ends_the_exchange) {
  WireTest test;
  Reader reader(test);
  test.open();
  test.talk(0, testing::post({{"content-length", "3"}}) + data_frame("12"));
  EXPECT_EQ(reader.read(1).count, 1U);
  test.talk(0, data_frame("3456"));
  EXPECT_EQ(test.end(0).reset, Code::kMessageError);
  EXPECT_EQ(test.end(0).stopped, Code::kMessageError);
  EXPECT_EQ(test.ended.at(0).outcome, Outcome::kServerClosed);
  // What comes afterwards is not looked at.
  test.send(0, testing::get());
  EXPECT_EQ(test.transport.closed, std::nullopt);
}

TEST(H3Request, a_stream_without_a_request_is_incomplete) {
  WireTest test;
  test.open();
  test.talk(0, "", true);
  EXPECT_EQ(test.end(0).reset, Code::kRequestIncomplete);
  EXPECT_EQ(test.transport.closed, std::nullopt);
  EXPECT_TRUE(test.ended.empty());
}

}  // namespace
}  // namespace gate::http::h3

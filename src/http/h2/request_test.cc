#include <gtest/gtest.h>

#include <string>

#include "http/h2/wire_for_test.h"

// How HEADERS become a request, and which do not.
namespace gate::http::h2 {
namespace {

using testing::Lines;
using testing::RawClient;
using testing::WireTest;

TEST(H2Request, carries_everything_a_service_reads) {
  WireTest test;
  test.open();
  bool seen = false;
  test.service = [&](Exchange& exchange) {
    const Request& request = exchange.request;
    EXPECT_EQ(request.version, Version::kHttp2);
    EXPECT_EQ(request.method, Method::kGet);
    EXPECT_EQ(request.method_text, "GET");
    EXPECT_EQ(request.scheme, "https");
    EXPECT_EQ(request.authority, "example.com");
    EXPECT_EQ(request.host, "example.com");
    EXPECT_EQ(request.target, "/a%20b?c=d");
    EXPECT_EQ(request.path, "/a b");
    EXPECT_EQ(request.query, "c=d");
    EXPECT_EQ(request.fields.value(FieldId::kAccept), "text/html");
    EXPECT_EQ(request.fields.find("x-own")->value, "1");
    EXPECT_FALSE(request.has_body);
    EXPECT_EQ(exchange.stream_id, 1u);
    EXPECT_NE(exchange.id, 0u);
    seen = true;
    exchange.respond();
  };
  test.talk(test.client.get(1, "/a%20b?c=d", {{"accept", "text/html"}, {"x-own", "1"}}));
  EXPECT_TRUE(seen);
  EXPECT_EQ(test.status_of(1), "200");
  ASSERT_EQ(test.ended.size(), 1u);
  EXPECT_EQ(test.ended[0].outcome, Outcome::kComplete);
  EXPECT_EQ(test.wire->exchanges(), 0u);
}

TEST(H2Request, host_is_made_from_the_authority) {
  WireTest test;
  test.open();
  test.service = [](Exchange& exchange) {
    EXPECT_EQ(exchange.request.fields.value(FieldId::kHost), "example.com");
    exchange.respond();
  };
  test.talk(test.client.get(1));
  EXPECT_EQ(test.dispatched, 1u);
}

TEST(H2Request, host_alone_is_enough) {
  WireTest test;
  test.open();
  test.service = [](Exchange& exchange) {
    EXPECT_EQ(exchange.request.authority, "example.org");
    exchange.respond();
  };
  test.talk(
      test.client.headers(1, {{":method", "GET"}, {":scheme", "https"}, {":path", "/"}, {"host", "example.org"}}));
  EXPECT_EQ(test.dispatched, 1u);
}

TEST(H2Request, host_may_repeat_the_authority_in_other_case) {
  WireTest test;
  test.open();
  test.talk(test.client.get(1, "/", {{"host", "EXAMPLE.com"}}));
  EXPECT_EQ(test.status_of(1), "200");
}

TEST(H2Request, cookie_lines_become_one) {
  WireTest test;
  test.open();
  test.service = [](Exchange& exchange) {
    std::size_t lines = 0;
    for (const auto& field : exchange.request.fields) lines += field.id == FieldId::kCookie ? 1 : 0;
    EXPECT_EQ(lines, 1u);
    EXPECT_EQ(exchange.request.fields.value(FieldId::kCookie), "a=1; b=2; c=3");
    exchange.respond();
  };
  test.talk(test.client.get(1, "/", {{"cookie", "a=1"}, {"accept", "*/*"}, {"cookie", "b=2"}, {"cookie", "c=3"}}));
  EXPECT_EQ(test.dispatched, 1u);
}

TEST(H2Request, cookie_lines_count_as_one_line) {
  Limits limits;
  limits.header_lines_max = 8;
  WireTest test(limits);
  test.open();
  test.talk(test.client.get(1, "/", Lines(50, {"cookie", "a=1"})));
  EXPECT_EQ(test.status_of(1), "200");
}

TEST(H2Request, options_may_ask_for_the_server_itself) {
  WireTest test;
  test.open();
  test.talk(test.client.headers(1, RawClient::request_lines("OPTIONS", "*")));
  EXPECT_EQ(test.status_of(1), "200");
}

TEST(H2Request, any_token_is_a_method) {
  WireTest test;
  test.open();
  test.service = [](Exchange& exchange) {
    EXPECT_EQ(exchange.request.method, Method::kOther);
    EXPECT_EQ(exchange.request.method_text, "PROPFIND");
    exchange.respond();
  };
  test.talk(test.client.headers(1, RawClient::request_lines("PROPFIND")));
  EXPECT_EQ(test.dispatched, 1u);
}

TEST(H2Request, a_head_may_come_in_many_frames_and_pieces) {
  WireTest test;
  test.open();
  const std::string block = test.client.block(RawClient::request_lines());
  std::string input = RawClient::frame(FrameType::kHeaders, kFlagEndStream, 1, block.substr(0, 3));
  for (std::size_t at = 3; at < block.size(); ++at) {
    const bool last = at + 1 == block.size();
    input += RawClient::frame(FrameType::kContinuation, last ? kFlagEndHeaders : 0, 1, block.substr(at, 1));
  }
  for (const char byte : input) test.send({&byte, 1});
  test.receive();
  EXPECT_EQ(test.status_of(1), "200");
}

TEST(H2Request, padding_and_the_old_priority_field_are_ignored) {
  WireTest test;
  test.open();
  const std::string block = test.client.block(RawClient::request_lines());
  const std::string priority = RawClient::number(0x8000'0000u, 4) + "\x0f";
  const std::string payload = std::string("\x05", 1) + priority + block + std::string(5, '\0');
  test.talk(RawClient::frame(FrameType::kHeaders, kFlagEndHeaders | kFlagEndStream | kFlagPadded | 0x20, 1, payload));
  EXPECT_EQ(test.status_of(1), "200");
}

TEST(H2Request, te_trailers_is_allowed) {
  WireTest test;
  test.open();
  test.talk(test.client.get(1, "/", {{"te", "trailers"}}));
  EXPECT_EQ(test.status_of(1), "200");
}

TEST(H2Request, the_scheme_of_a_proxy_before_us_is_allowed) {
  WireTest test;
  test.open();
  test.talk(test.client.headers(1, {{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/"}}));
  EXPECT_EQ(test.status_of(1), "200");
}

// --- refused with a status

struct Refused {
  const char* name;
  Lines lines;
  const char* status;
};

class H2RefusedRequest : public ::testing::TestWithParam<Refused> {};

TEST_P(H2RefusedRequest, is_answered_with_its_status_and_told_once) {
  WireTest test;
  test.open();
  test.talk(test.client.headers(1, GetParam().lines));
  EXPECT_EQ(test.status_of(1), GetParam().status);
  EXPECT_EQ(test.dispatched, 0u);
  ASSERT_EQ(test.ended.size(), 1u);
  EXPECT_EQ(std::to_string(test.ended[0].status), GetParam().status);
  // The connection lives on.
  test.talk(test.client.get(3));
  EXPECT_EQ(test.status_of(3), "200");
}

Lines with(Lines lines, const Lines& more) {
  lines.insert(lines.end(), more.begin(), more.end());
  return lines;
}

INSTANTIATE_TEST_SUITE_P(
    All, H2RefusedRequest,
    ::testing::Values(
        Refused{"connect", {{":method", "CONNECT"}, {":authority", "example.com:443"}}, "501"},
        Refused{"host_differs", RawClient::request_lines("GET", "/", {{"host", "example.org"}}), "400"},
        Refused{"user_info",
                {{":method", "GET"}, {":scheme", "https"}, {":authority", "u:p@example.com"}, {":path", "/"}},
                "400"},
        Refused{"unknown_scheme",
                {{":method", "GET"}, {":scheme", "ftp"}, {":authority", "example.com"}, {":path", "/"}},
                "400"},
        Refused{"path_above_the_root", RawClient::request_lines("GET", "/../x"), "400"},
        Refused{"nul_in_path", RawClient::request_lines("GET", "/%00"), "400"},
        Refused{"long_target", RawClient::request_lines("GET", "/" + std::string(9000, 'a')), "414"},
        Refused{"many_lines", with(RawClient::request_lines(), Lines(200, {"x-a", "b"})), "431"},
        Refused{"large_head", with(RawClient::request_lines(), Lines(80, {"x-a", std::string(1000, 'b')})), "431"},
        Refused{"expectation", RawClient::request_lines("GET", "/", {{"expect", "miracles"}}), "417"}),
    [](const auto& given) { return given.param.name; });

TEST(H2Request, a_body_declared_too_large_is_refused_at_once) {
  Limits limits;
  limits.body_bytes_max = 1000;
  WireTest test(limits);
  test.open();
  test.talk(test.client.post(1, {{"content-length", "1001"}}));
  EXPECT_EQ(test.status_of(1), "413");
  EXPECT_EQ(test.reset_of(1), Code::kNoError) << "the client is to stop its upload";
  EXPECT_EQ(test.dispatched, 0u);
}

// --- malformed: stream errors (RFC 9113 8.1.1)

struct Malformed {
  const char* name;
  Lines lines;
};

class H2MalformedRequest : public ::testing::TestWithParam<Malformed> {};

TEST_P(H2MalformedRequest, resets_its_stream_and_nothing_else) {
  WireTest test;
  test.open();
  test.talk(test.client.headers(1, GetParam().lines));
  EXPECT_EQ(test.reset_of(1), Code::kProtocolError);
  EXPECT_EQ(test.status_of(1), "none");
  EXPECT_EQ(test.dispatched, 0u);
  EXPECT_TRUE(test.ended.empty()) << "no exchange came to be";
  EXPECT_EQ(test.violations.size(), 1u);
  EXPECT_EQ(test.wire->exchanges(), 0u);
  test.talk(test.client.get(3));
  EXPECT_EQ(test.status_of(3), "200");
}

Lines without(std::string_view name) {
  Lines lines = RawClient::request_lines();
  std::erase_if(lines, [name](const auto& line) { return line.first == name; });
  return lines;
}

INSTANTIATE_TEST_SUITE_P(
    All, H2MalformedRequest,
    ::testing::Values(
        Malformed{"no_method", without(":method")}, Malformed{"no_scheme", without(":scheme")},
        Malformed{"no_path", without(":path")}, Malformed{"no_authority_and_no_host", without(":authority")},
        Malformed{"empty_path", RawClient::request_lines("GET", "")},
        Malformed{"relative_path", RawClient::request_lines("GET", "index.html")},
        Malformed{"asterisk_without_options", RawClient::request_lines("GET", "*")},
        Malformed{"space_in_path", RawClient::request_lines("GET", "/a b")},
        Malformed{"bad_method", RawClient::request_lines("G T")},
        Malformed{"repeated_method", with(RawClient::request_lines(), {{":method", "GET"}})},
        Malformed{"repeated_path", with(RawClient::request_lines(), {{":path", "/"}})},
        Malformed{"repeated_scheme", with(RawClient::request_lines(), {{":scheme", "https"}})},
        Malformed{"repeated_authority", with(RawClient::request_lines(), {{":authority", "example.com"}})},
        Malformed{"repeated_host", with(without(":authority"), {{"host", "a"}, {"host", "a"}})},
        Malformed{"pseudo_field_after_field",
                  {{":method", "GET"}, {":scheme", "https"}, {"accept", "*/*"}, {":path", "/"}, {":authority", "a"}}},
        Malformed{"unknown_pseudo_field", with(RawClient::request_lines(), {{":port", "1"}})},
        Malformed{"response_pseudo_field", with(RawClient::request_lines(), {{":status", "200"}})},
        Malformed{"protocol_without_connect", RawClient::request_lines("GET", "/", {{":protocol", "websocket"}})},
        Malformed{"protocol_without_a_path",
                  {{":method", "CONNECT"}, {":protocol", "websocket"}, {":scheme", "https"}, {":authority", "a"}}},
        Malformed{"connect_with_a_path", {{":method", "CONNECT"}, {":authority", "a:1"}, {":path", "/"}}},
        Malformed{"upper_case_name", RawClient::request_lines("GET", "/", {{"X-Own", "1"}})},
        Malformed{"empty_name", RawClient::request_lines("GET", "/", {{"", "1"}})},
        Malformed{"name_with_a_space", RawClient::request_lines("GET", "/", {{"x own", "1"}})},
        Malformed{"name_with_a_colon", RawClient::request_lines("GET", "/", {{"x:own", "1"}})},
        Malformed{"value_with_a_line_feed", RawClient::request_lines("GET", "/", {{"x-own", "1\n2"}})},
        Malformed{"value_with_a_carriage_return", RawClient::request_lines("GET", "/", {{"x-own", "1\r2"}})},
        Malformed{"value_with_nul", RawClient::request_lines("GET", "/", {{"x-own", std::string("1\0", 2)}})},
        Malformed{"value_with_a_leading_space", RawClient::request_lines("GET", "/", {{"x-own", " 1"}})},
        Malformed{"value_with_a_trailing_tab", RawClient::request_lines("GET", "/", {{"x-own", "1\t"}})},
        Malformed{"connection", RawClient::request_lines("GET", "/", {{"connection", "close"}})},
        Malformed{"keep_alive", RawClient::request_lines("GET", "/", {{"keep-alive", "5"}})},
        Malformed{"proxy_connection", RawClient::request_lines("GET", "/", {{"proxy-connection", "x"}})},
        Malformed{"transfer_encoding", RawClient::request_lines("GET", "/", {{"transfer-encoding", "chunked"}})},
        Malformed{"upgrade", RawClient::request_lines("GET", "/", {{"upgrade", "h2c"}})},
        Malformed{"te_other_than_trailers", RawClient::request_lines("GET", "/", {{"te", "gzip"}})},
        Malformed{"content_length_without_body", RawClient::request_lines("GET", "/", {{"content-length", "1"}})},
        Malformed{"repeated_content_length",
                  RawClient::request_lines("GET", "/", {{"content-length", "0"}, {"content-length", "0"}})},
        Malformed{"signed_content_length", RawClient::request_lines("GET", "/", {{"content-length", "+0"}})},
        Malformed{"overflowing_content_length",
                  RawClient::request_lines("GET", "/", {{"content-length", "99999999999999999999"}})}),
    [](const auto& given) { return given.param.name; });

TEST(H2Request, a_stream_that_names_itself_as_its_parent_ends_the_connection) {
  WireTest test;
  test.open();
  const std::string payload = RawClient::number(1, 4) + "\x0f" + test.client.block(RawClient::request_lines());
  test.talk(RawClient::frame(FrameType::kHeaders, kFlagEndHeaders | kFlagEndStream | 0x20, 1, payload));
  EXPECT_TRUE(test.closed_with(Code::kProtocolError));
}

}  // namespace
}  // namespace gate::http::h2

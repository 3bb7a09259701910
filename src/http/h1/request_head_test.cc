#include "http/h1/request_head.h"

#include <gtest/gtest.h>

#include <string>

#include "http/h1/parser.h"

namespace gate::http::h1 {
namespace {

// What the malformed ones are answered is in tests/corpus/h1; here is what the good ones mean.
class JudgeHeadTest : public testing::Test {
 protected:
  Control judge(std::string_view start, std::string_view fields = "Host: a.example\r\n") {
    const auto control = judged(start, fields);
    EXPECT_TRUE(control.has_value()) << start << fields;
    return control.value_or(Control{});
  }
  std::expected<Control, RequestFault> judged(std::string_view start, std::string_view fields) {
    const std::string input = std::string(start) + "\r\n" + std::string(fields) + "\r\n";
    HeadParser parser(arena_, limits_);
    EXPECT_EQ(parser.parse(input), Progress::kComplete) << input;
    request_ = Request(arena_);
    parser.fill(input, request_);
    return judge_head(request_, arena_, limits_.body_bytes_max);
  }

  base::BlockPool blocks_;
  base::Arena arena_{blocks_};
  Limits limits_;
  Request request_{arena_};
};

TEST_F(JudgeHeadTest, fills_in_target_and_host) {
  judge("GET /a%20b?c HTTP/1.1", "Host: A.Example:8443\r\n");
  EXPECT_EQ(request_.path, "/a b");
  EXPECT_EQ(request_.query, "c");
  EXPECT_EQ(request_.authority, "A.Example:8443");
  EXPECT_EQ(request_.host, "a.example");
}

TEST_F(JudgeHeadTest, absolute_target_overrules_host_everywhere) {
  judge("GET http://b.example/c HTTP/1.1", "Host: a.example\r\nX-A: b\r\n");
  EXPECT_EQ(request_.authority, "b.example");
  EXPECT_EQ(request_.host, "b.example");
  EXPECT_EQ(request_.target, "/c");
  EXPECT_EQ(request_.fields.value(FieldId::kHost), "b.example");
  EXPECT_EQ(request_.fields.size(), 2U);
}

TEST_F(JudgeHeadTest, no_body_without_a_length) {
  const Control control = judge("POST / HTTP/1.1");
  EXPECT_EQ(control.framing, Framing::kNone);
  EXPECT_FALSE(request_.has_body);
  EXPECT_EQ(request_.content_length, std::nullopt);
}

TEST_F(JudgeHeadTest, length_frames_a_body) {
  const Control control = judge("GET / HTTP/1.1", "Host: a\r\nContent-Length: 5\r\n");
  EXPECT_EQ(control.framing, Framing::kLength);
  EXPECT_EQ(control.length, 5U);
  EXPECT_TRUE(request_.has_body);
  EXPECT_EQ(request_.content_length, 5U);
}

TEST_F(JudgeHeadTest, length_zero_is_known_and_no_body) {
  const Control control = judge("POST / HTTP/1.1", "Host: a\r\nContent-Length: 0\r\n");
  EXPECT_EQ(control.framing, Framing::kNone);
  EXPECT_FALSE(request_.has_body);
  EXPECT_EQ(request_.content_length, 0U);
}

TEST_F(JudgeHeadTest, chunked_frames_a_body) {
  const Control control = judge("POST / HTTP/1.1", "Host: a\r\nTransfer-Encoding: Chunked\r\n");
  EXPECT_EQ(control.framing, Framing::kChunked);
  EXPECT_TRUE(request_.has_body);
  EXPECT_EQ(request_.content_length, std::nullopt);
}

TEST_F(JudgeHeadTest, body_over_the_limit_is_refused_at_once) {
  limits_.body_bytes_max = 10;
  EXPECT_TRUE(judged("POST / HTTP/1.1", "Host: a\r\nContent-Length: 10\r\n").has_value());
  const auto refused = judged("POST / HTTP/1.1", "Host: a\r\nContent-Length: 11\r\n");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error(), RequestFault::kBodyTooLarge);
}

TEST_F(JudgeHeadTest, persistence_follows_version_and_connection) {
  const struct {
    std::string_view version, connection;
    bool keep_alive;
  } kCases[] = {
      {"HTTP/1.1", "", true},
      {"HTTP/1.1", "Connection: keep-alive\r\n", true},
      {"HTTP/1.1", "Connection: close\r\n", false},
      {"HTTP/1.1", "Connection: a, Close\r\n", false},
      {"HTTP/1.1", "Connection: a\r\nConnection: close\r\n", false},
      {"HTTP/1.1", "Connection: keep-alive, close\r\n", false},
      {"HTTP/1.1", "Connection: closed\r\n", true},
      {"HTTP/1.0", "", false},
      {"HTTP/1.0", "Connection: Keep-Alive\r\n", true},
      {"HTTP/1.0", "Connection: keep-alive, close\r\n", false},
  };
  for (const auto& each : kCases) {
    const Control control = judge("GET / " + std::string(each.version), "Host: a\r\n" + std::string(each.connection));
    EXPECT_EQ(control.keep_alive, each.keep_alive) << each.version << " " << each.connection;
  }
}

TEST_F(JudgeHeadTest, expectation_counts_with_a_body_on_http_1_1_alone) {
  EXPECT_TRUE(judge("POST / HTTP/1.1", "Host: a\r\nContent-Length: 5\r\nExpect: 100-Continue\r\n").expects_continue);
  EXPECT_FALSE(judge("POST / HTTP/1.1", "Host: a\r\nContent-Length: 0\r\nExpect: 100-continue\r\n").expects_continue);
  EXPECT_FALSE(judge("POST / HTTP/1.1", "Host: a\r\nExpect: 100-continue\r\n").expects_continue);
  EXPECT_FALSE(judge("POST / HTTP/1.0", "Content-Length: 5\r\nExpect: 100-continue\r\n").expects_continue);
  EXPECT_FALSE(judge("POST / HTTP/1.0", "Content-Length: 5\r\nExpect: other\r\n").expects_continue);
}

TEST_F(JudgeHeadTest, old_clients_need_no_host) {
  judge("GET / HTTP/1.0", "");
  EXPECT_EQ(request_.authority, "");
  EXPECT_EQ(request_.host, "");
}

}  // namespace
}  // namespace gate::http::h1

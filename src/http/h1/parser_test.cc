#include "http/h1/parser.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace gate::http::h1 {
namespace {

class HeadParserTest : public testing::Test {
 protected:
  Progress parse(std::string_view input) {
    parser_.emplace(arena_, limits_);
    return parser_->parse(input);
  }
  RequestFault fault_of(std::string_view input) {
    EXPECT_EQ(parse(input), Progress::kFault) << input.substr(0, 100);
    return parser_->fault();
  }
  bool completes(std::string_view input) { return parse(input) == Progress::kComplete; }
  Request filled(std::string_view input) {
    EXPECT_TRUE(completes(input));
    Request request(arena_);
    parser_->fill(input, request);
    return request;
  }
  // A head whose only field line takes `bytes` as RFC 9113 6.5.2 counts them.
  static std::string head_with_field_of(std::size_t bytes) {
    return "GET / HTTP/1.1\r\nx: " + std::string(bytes - 33, 'a') + "\r\n\r\n";
  }

  base::BlockPool blocks_;
  base::Arena arena_{blocks_};
  Limits limits_;
  std::optional<HeadParser> parser_;
};

TEST_F(HeadParserTest, copies_the_parts_of_a_head) {
  const std::string input = "POST /a?b HTTP/1.1\r\nHost: example.com\r\nX-Odd_Name:\t value \r\nempty:\r\n\r\nbody";
  const Request request = filled(input);
  EXPECT_EQ(parser_->size(), input.size() - 4);
  EXPECT_EQ(request.method, Method::kPost);
  EXPECT_EQ(request.method_text, "POST");
  EXPECT_EQ(request.target, "/a?b");
  EXPECT_EQ(request.version, Version::kHttp11);
  ASSERT_EQ(request.fields.size(), 3U);
  const Field* field = request.fields.begin();
  EXPECT_EQ(field[0].name, "host");
  EXPECT_EQ(field[0].value, "example.com");
  EXPECT_EQ(field[0].id, FieldId::kHost);
  EXPECT_EQ(field[1].name, "x-odd_name");
  EXPECT_EQ(field[1].value, "value");
  EXPECT_EQ(field[1].id, FieldId::kUnknown);
  EXPECT_EQ(field[2].name, "empty");
  EXPECT_EQ(field[2].value, "");
}

TEST_F(HeadParserTest, what_it_copies_does_not_need_the_input) {
  std::string input = "GET /a HTTP/1.0\r\nx: y\r\n\r\n";
  const Request request = filled(input);
  input.assign(input.size(), '#');
  EXPECT_EQ(request.target, "/a");
  EXPECT_EQ(request.version, Version::kHttp10);
  EXPECT_EQ(request.fields.find("x")->value, "y");
}

TEST_F(HeadParserTest, counts_the_empty_line_in_front) {
  const std::string input = "\r\nGET / HTTP/1.1\r\n\r\n";
  EXPECT_EQ(filled(input).method_text, "GET");
  EXPECT_EQ(parser_->size(), input.size());
}

TEST_F(HeadParserTest, waits_for_more_at_every_place) {
  const std::string input = "\r\nGET /a HTTP/1.1\r\nHost: example.com\r\nA: b \r\n\r\n";
  for (std::size_t size = 0; size < input.size(); ++size) {
    EXPECT_EQ(parse(std::string_view(input).substr(0, size)), Progress::kNeedMore) << size;
  }
  EXPECT_TRUE(completes(input));
}

TEST_F(HeadParserTest, goes_on_in_an_input_that_moved) {
  const std::string input =
      "GET /target HTTP/1.1\r\nHost: example.com\r\nLong-Name-Of-A-Field: with a long value\r\n\r\n";
  parser_.emplace(arena_, limits_);
  for (std::size_t size = 0; size < input.size(); ++size) {
    const std::vector<char> moved(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(size));
    ASSERT_EQ(parser_->parse({moved.data(), moved.size()}), Progress::kNeedMore) << size;
  }
  ASSERT_EQ(parser_->parse(input), Progress::kComplete);
  Request request(arena_);
  parser_->fill(input, request);
  EXPECT_EQ(request.target, "/target");
  EXPECT_EQ(request.fields.find("long-name-of-a-field")->value, "with a long value");
}

TEST_F(HeadParserTest, faults_at_the_first_byte_that_cannot_belong) {
  for (const std::string_view input : {"\n",
                                       "\r\r",
                                       "\r\n\r",
                                       " ",
                                       "G:",
                                       "GET  ",
                                       "GET /\r",
                                       "GET / h",
                                       "GET / HTTP/x",
                                       "GET / HTTP/1.1\n",
                                       "GET / HTTP/1.1\rx",
                                       "GET / HTTP/1.1\r\n ",
                                       "GET / HTTP/1.1\r\n:",
                                       "GET / HTTP/1.1\r\nA ",
                                       "GET / HTTP/1.1\r\nA\r",
                                       "GET / HTTP/1.1\r\nA: b\n",
                                       "GET / HTTP/1.1\r\nA: b\rc",
                                       "GET / HTTP/1.1\r\nA: b\r\n ",
                                       "GET / HTTP/1.1\r\n\n",
                                       "GET / HTTP/1.1\r\n\rx"}) {
    EXPECT_EQ(fault_of(input), RequestFault::kMalformed) << input;
    EXPECT_EQ(parse(input.substr(0, input.size() - 1)), Progress::kNeedMore) << input;
  }
}

TEST_F(HeadParserTest, knows_two_versions) {
  EXPECT_TRUE(completes("GET / HTTP/1.1\r\n\r\n"));
  EXPECT_TRUE(completes("GET / HTTP/1.0\r\n\r\n"));
  for (const std::string_view version : {"HTTP/0.9", "HTTP/1.2", "HTTP/2.0", "HTTP/9.9"}) {
    EXPECT_EQ(fault_of("GET / " + std::string(version) + "\r\n"), RequestFault::kUnknownVersion);
  }
}

TEST_F(HeadParserTest, bounds_the_method) {
  EXPECT_TRUE(completes(std::string(64, 'M') + " / HTTP/1.1\r\n\r\n"));
  EXPECT_EQ(fault_of(std::string(65, 'M')), RequestFault::kMethodUnsupported);
}

TEST_F(HeadParserTest, bounds_the_target) {
  limits_.target_bytes_max = 10;
  EXPECT_TRUE(completes("GET /123456789 HTTP/1.1\r\n\r\n"));
  EXPECT_EQ(fault_of("GET /1234567890 HTTP/1.1\r\n\r\n"), RequestFault::kTargetTooLong);
  EXPECT_EQ(parse("GET /123456789"), Progress::kNeedMore);
  EXPECT_EQ(fault_of("GET /1234567890"), RequestFault::kTargetTooLong) << "not only when its end is there";
}

TEST_F(HeadParserTest, bounds_the_field_section_with_its_overhead) {
  limits_.header_bytes_max = 1000;
  EXPECT_TRUE(completes(head_with_field_of(1000)));
  EXPECT_EQ(fault_of(head_with_field_of(1001)), RequestFault::kHeaderTooLarge);
}

TEST_F(HeadParserTest, bounds_the_sum_of_lines) {
  limits_.header_bytes_max = 100;
  EXPECT_TRUE(completes("GET / HTTP/1.1\r\na: b\r\nc: d\r\n\r\n")) << "68";
  EXPECT_TRUE(completes("GET / HTTP/1.1\r\na: b\r\nc:" + std::string(33, 'd') + "\r\n\r\n")) << "100";
  EXPECT_EQ(fault_of("GET / HTTP/1.1\r\na: b\r\nc:" + std::string(34, 'd') + "\r\n\r\n"),
            RequestFault::kHeaderTooLarge);
}

TEST_F(HeadParserTest, bounds_blanks_that_are_not_counted) {
  limits_.header_bytes_max = 100;
  EXPECT_TRUE(completes("GET / HTTP/1.1\r\na:" + std::string(90, ' ') + "b\r\n\r\n"));
  EXPECT_EQ(fault_of("GET / HTTP/1.1\r\na:" + std::string(200, ' ') + "b\r\n\r\n"), RequestFault::kHeaderTooLarge);
}

TEST_F(HeadParserTest, bounds_a_line_that_does_not_end) {
  limits_.header_bytes_max = 100;
  EXPECT_EQ(parse("GET / HTTP/1.1\r\n" + std::string(99, 'a')), Progress::kNeedMore);
  EXPECT_EQ(fault_of("GET / HTTP/1.1\r\n" + std::string(100, 'a')), RequestFault::kHeaderTooLarge);
}

TEST_F(HeadParserTest, bounds_the_number_of_lines) {
  limits_.header_lines_max = 3;
  const std::string line = "a: b\r\n";
  EXPECT_TRUE(completes("GET / HTTP/1.1\r\n" + line + line + line + "\r\n"));
  EXPECT_EQ(fault_of("GET / HTTP/1.1\r\n" + line + line + line + line + "\r\n"), RequestFault::kHeaderTooLarge);
  EXPECT_EQ(fault_of("GET / HTTP/1.1\r\n" + line + line + line + "a"), RequestFault::kHeaderTooLarge)
      << "at its first byte";
}

TEST_F(HeadParserTest, takes_more_lines_than_fit_the_first_table) {
  std::string input = "GET / HTTP/1.1\r\n";
  for (int i = 0; i < 100; ++i) input += "name-" + std::to_string(i) + ": " + std::to_string(i) + "\r\n";
  const Request request = filled(input + "\r\n");
  ASSERT_EQ(request.fields.size(), 100U);
  EXPECT_EQ(request.fields.find("name-99")->value, "99");
}

TEST_F(HeadParserTest, survives_limits_beyond_its_offsets) {
  limits_.header_bytes_max = limits_.target_bytes_max = SIZE_MAX;
  EXPECT_TRUE(completes("GET / HTTP/1.1\r\na: b\r\n\r\n"));
}

class TrailerParserTest : public HeadParserTest {};

TEST_F(TrailerParserTest, begins_with_the_first_field_line) {
  HeadParser parser(arena_, limits_, HeadParser::Section::kTrailers);
  const std::string_view input = "X-Sum: 1\r\nContent-Length: 5\r\nETag: a\r\n\r\nGET";
  ASSERT_EQ(parser.parse(input), Progress::kComplete);
  EXPECT_EQ(parser.size(), input.size() - 3);
  FieldList trailers(arena_);
  parser.fill_trailers(input, trailers);
  EXPECT_EQ(trailers.size(), 2U) << "a length is no trailer";
  EXPECT_EQ(trailers.find("x-sum")->value, "1");
  EXPECT_EQ(trailers.value(FieldId::kETag), "a");
}

TEST_F(TrailerParserTest, may_be_empty) {
  HeadParser parser(arena_, limits_, HeadParser::Section::kTrailers);
  EXPECT_EQ(parser.parse("\r"), Progress::kNeedMore);
  EXPECT_EQ(parser.parse("\r\n"), Progress::kComplete);
  EXPECT_EQ(parser.size(), 2U);
}

}  // namespace
}  // namespace gate::http::h1

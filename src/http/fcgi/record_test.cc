#include "http/fcgi/record.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/text.h"
#include "http/fcgi/record_for_test.h"

namespace gate::http::fcgi {
namespace {

using testing::end_record;
using testing::record;
using testing::RecordText;
using testing::stderr_record;
using testing::stdout_record;
using State = RecordReader::State;

// What a reader makes of `input` that arrives in pieces of `step`: "6:text" for content, "!" for a fault.
std::string read_all(std::string_view input, std::size_t step) {
  RecordReader reader;
  std::string text;
  std::string pending;
  RecordType last = RecordType::kStdin;
  for (std::size_t at = 0; at < input.size(); at += step) {
    pending += input.substr(at, step);
    for (std::size_t used = 0;;) {
      const auto piece = reader.read(base::as_bytes(pending).subspan(used));
      used += piece.used;
      if (piece.state == State::kFault) return text + "!";
      if (piece.state == State::kNeedMore) {
        pending.erase(0, used);
        break;
      }
      if (piece.type != last) text += std::to_string(static_cast<int>(piece.type)) + ":";
      last = piece.type;
      text += base::as_text(piece.content);
    }
  }
  return text;
}

TEST(RecordReader, finds_the_same_however_records_are_cut) {
  const std::string all =
      stdout_record("abc", 5) + stderr_record("oops") + stdout_record("de") + stdout_record("", 8) + end_record();
  const std::string expected = "6:abc7:oops6:de3:" + std::string(8, '\0');
  for (std::size_t step = 1; step <= all.size(); ++step) EXPECT_EQ(read_all(all, step), expected) << step;
}

TEST(RecordReader, gives_content_before_all_of_it_is_there) {
  const std::string all = stdout_record("abcdef");
  EXPECT_EQ(read_all(std::string_view(all).substr(0, 10), 10), "6:ab");
}

TEST(RecordReader, refuses_what_no_responder_sends) {
  for (const RecordText& bad : {RecordText{.content = "a", .version = 2}, RecordText{.content = "a", .id = 0},
                                RecordText{.content = "a", .id = 2}, RecordText{.content = "a", .id = 257},
                                RecordText{.type = 1, .content = "12345678"}, RecordText{.type = 5, .content = "a"},
                                RecordText{.type = 11, .content = "12345678"}, RecordText{.type = 0},
                                RecordText{.type = 3, .content = "1234567"},
                                RecordText{.type = 3, .content = "123456789"}, RecordText{.type = 3}}) {
    EXPECT_EQ(read_all(record(bad), 1), "!") << bad.version << " " << bad.type << " " << bad.id;
  }
}

TEST(RecordReader, takes_the_largest_record) {
  const std::string content(kContentBytesMax, 'x');
  EXPECT_EQ(read_all(stdout_record(content, 255) + stdout_record("y"), 1000), "6:" + content + "y");
}

TEST(RecordWriter, cuts_a_stream_into_records) {
  base::Buffer out;
  append_stream(out, RecordType::kStdin, base::as_bytes(std::string(kContentBytesMax + 2, 'x')));
  append_end(out, RecordType::kStdin);
  const std::string first = record({.type = 5, .content = std::string(kContentBytesMax, 'x')});
  EXPECT_EQ(base::as_text(out.view()), first + record({.type = 5, .content = "xx"}) + record({.type = 5}));
}

TEST(RecordWriter, asks_to_keep_the_connection_only_where_it_is_to_be_kept) {
  for (const bool keep : {false, true}) {
    base::Buffer out;
    append_begin_request(out, keep);
    const std::string body{'\0', '\1', keep ? '\1' : '\0', '\0', '\0', '\0', '\0', '\0'};
    EXPECT_EQ(base::as_text(out.view()), record({.type = 1, .content = body}));
  }
}

TEST(RecordWriter, writes_short_and_long_parameters) {
  base::Buffer out;
  append_parameter(out, "A", "b");
  append_parameter(out, "LONG", std::string(128, 'v'));
  append_parameter(out, "EMPTY", "");
  const std::string expected =
      std::string("\1\1Ab\4\x80\0\0\x80LONG", 13) + std::string(128, 'v') + std::string("\5\0EMPTY", 7);
  EXPECT_EQ(base::as_text(out.view()), expected);
}

}  // namespace
}  // namespace gate::http::fcgi

#include "observe/text_writer.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace gate::observe {
namespace {

std::string json(std::string_view value, std::size_t bytes_max = 200) {
  std::array<char, 256> room;
  TextWriter out(room);
  out.put_json(value, bytes_max);
  return std::string(out.text());
}

std::string quoted(std::string_view value, std::size_t bytes_max = 200) {
  std::array<char, 256> room;
  TextWriter out(room);
  out.put_quoted(value, bytes_max);
  return std::string(out.text());
}

TEST(TextWriter, never_writes_beyond_its_room) {
  std::array<char, 8> room;
  room.fill('#');
  const std::span<char> front = std::span(room).first(4);
  TextWriter out(front);
  out.put("abcdef");
  out.put('x');
  out.put_number(123);
  EXPECT_EQ(out.text(), "abcd");
  EXPECT_EQ(room[4], '#');
}

TEST(TextWriter, writes_numbers) {
  std::array<char, 64> room;
  TextWriter out(room);
  out.put_number(18446744073709551615U);
  out.put(' ');
  out.put_padded(7, 3);
  out.put(' ');
  out.put_hex16(0xabc);
  EXPECT_EQ(out.text(), "18446744073709551615 007 0000000000000abc");
}

TEST(TextWriterJson, escapes_quotes_backslashes_and_controls) {
  EXPECT_EQ(json("a\"b\\c"), "a\\\"b\\\\c");
  EXPECT_EQ(json("a\r\n\t"), "a\\r\\n\\t");
  EXPECT_EQ(json(std::string_view("\0\x1b\x7f", 3)), "\\u0000\\u001b\\u007f");
}

TEST(TextWriterJson, finds_a_special_byte_at_every_place_of_every_length) {
  for (std::size_t length = 1; length < 70; ++length) {
    for (std::size_t at = 0; at < length; ++at) {
      std::string text(length, '~');
      text[at] = '\\';
      ASSERT_EQ(json(text).size(), length + 1) << length << ' ' << at;
    }
  }
}

TEST(TextWriterJson, keeps_valid_utf8) { EXPECT_EQ(json("grün 漢字 🔒"), "grün 漢字 🔒"); }

TEST(TextWriterJson, replaces_every_byte_that_is_no_utf8) {
  EXPECT_EQ(json("a\xff"
                 "b"),
            "a\\ufffdb");
  EXPECT_EQ(json("\xc3"), "\\ufffd") << "cut short";
  EXPECT_EQ(json("\xc0\xaf"), "\\ufffd\\ufffd") << "overlong";
  EXPECT_EQ(json("\xed\xa0\x80"), "\\ufffd\\ufffd\\ufffd") << "a surrogate";
  EXPECT_EQ(json("\xf4\x90\x80\x80"), "\\ufffd\\ufffd\\ufffd\\ufffd") << "above U+10FFFF";
  EXPECT_EQ(json("\xe2\x28\xa1"), "\\ufffd(\\ufffd") << "a broken sequence";
}

TEST(TextWriterJson, defuses_what_moves_a_terminal_or_turns_the_text) {
  EXPECT_EQ(json("\xc2\x9b"
                 "31m"),
            "\\u009b31m")
      << "C1 control sequence introducer";
  EXPECT_EQ(json("\xe2\x80\xae"
                 "txt.exe"),
            "\\u202etxt.exe")
      << "right-to-left override";
  EXPECT_EQ(json("\xe2\x80\xa8"), "\\u2028") << "line separator";
}

TEST(TextWriterJson, cuts_at_the_bound_and_says_so) {
  const std::string cut = json(std::string(100, 'x'), 50);
  EXPECT_LE(cut.size(), 50U);
  EXPECT_EQ(cut.substr(cut.size() - 3), "…");
  EXPECT_EQ(json(std::string(50, 'x'), 50), std::string(50, 'x'));
}

TEST(TextWriterJson, never_cuts_inside_an_escape_or_a_character) {
  for (std::size_t bound = 0; bound < 60; ++bound) {
    const std::string escapes = json(std::string(40, '\x01'), bound);
    EXPECT_LE(escapes.size(), bound);
    EXPECT_EQ(json("漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字", bound).find("\\ufffd"), std::string::npos);
    if (escapes.empty()) continue;
    EXPECT_EQ((escapes.size() - 3) % 6, 0U) << bound;
  }
}

TEST(TextWriterQuoted, escapes_as_apache_does) {
  EXPECT_EQ(quoted("a\"b\\c"), "a\\\"b\\\\c");
  EXPECT_EQ(quoted("a\nb\x1b\xc3\xbc"), "a\\x0ab\\x1b\\xc3\\xbc");
}

TEST(TextWriterQuoted, stays_within_the_bound) {
  for (std::size_t bound = 0; bound < 60; ++bound) {
    EXPECT_LE(quoted(std::string(40, '\x01'), bound).size(), bound);
    EXPECT_LE(quoted(std::string(80, '"'), bound).size(), bound);
  }
}

}  // namespace
}  // namespace gate::observe

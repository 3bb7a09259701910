#include "http/fcgi/response_head.h"

#include <gtest/gtest.h>

#include <string>

#include "base/arena.h"

namespace gate::http::fcgi {
namespace {

// "200 length 5 a=b", or the reason it is refused for.
std::string read(std::string_view block) {
  base::BlockPool blocks;
  base::Arena arena(blocks);
  FieldList fields(arena);
  Limits limits;
  limits.header_lines_max = 5;
  const auto head = read_head(block, limits, fields);
  if (!head) return std::string(head.error());
  std::string text = std::to_string(head->status);
  if (head->length) text += " length " + std::to_string(*head->length);
  for (const Field& field : fields) text += " " + std::string(field.name) + "=" + std::string(field.value);
  return text;
}

TEST(CgiHead, says_200_unless_it_says_otherwise) {
  EXPECT_EQ(read("Content-Type: text/html\r\n\r\n"), "200 content-type=text/html");
  EXPECT_EQ(read("Status: 404 Not Found\r\nX: y\r\n\r\n"), "404 x=y");
  EXPECT_EQ(read("Status: 204\n\n"), "204");
}

TEST(CgiHead, may_end_its_lines_with_a_line_feed_alone) { EXPECT_EQ(read("X-A: 1\nX-B: 2\r\n\n"), "200 x-a=1 x-b=2"); }

TEST(CgiHead, with_a_location_and_no_status_is_a_redirection) {
  EXPECT_EQ(read("Location: https://example.org/\n\n"), "302 location=https://example.org/");
  EXPECT_EQ(read("Location: /here\n\n"), "302 location=/here");
  EXPECT_EQ(read("Status: 201 Created\nLocation: /here\n\n"), "201 location=/here");
}

TEST(CgiHead, keeps_fields_that_come_more_than_once) {
  EXPECT_EQ(read("Set-Cookie: a=1\nSet-Cookie: b=2\n\n"), "200 set-cookie=a=1 set-cookie=b=2");
}

TEST(CgiHead, says_how_long_the_body_is) {
  EXPECT_EQ(read("Content-Length: 5\n\n"), "200 length 5 content-length=5");
  EXPECT_EQ(read("Content-Length: 5\nContent-Length: 6\n\n"), "a content-length that is none");
  EXPECT_EQ(read("Content-Length: -5\n\n"), "a content-length that is none");
}

TEST(CgiHead, is_refused_where_it_could_be_read_in_two_ways) {
  EXPECT_EQ(read("\n"), "the header is empty");
  EXPECT_EQ(read("<html>\n\n"), "a line of the header is no field");
  EXPECT_EQ(read("HTTP/1.1 200 OK\n\n"), "a line of the header is no field");
  EXPECT_EQ(read("X : y\n\n"), "a line of the header is no field");
  EXPECT_EQ(read("X: y\n folded\n\n"), "a line of the header is no field");
  EXPECT_EQ(read("X: y\rz\n\n"), "a control character in a field");
  EXPECT_EQ(read(std::string_view("X: y\0z\n\n", 8)), "a control character in a field");
  EXPECT_EQ(read("A: 1\nB: 2\nC: 3\nD: 4\nE: 5\nF: 6\n\n"), "too many lines in the header");
}

TEST(CgiHead, has_one_status_that_can_be_final) {
  EXPECT_EQ(read("Status: 200\nStatus: 200\n\n"), "two statuses");
  for (const auto* bad : {"100 Continue", "199", "600", "20", "2000", "", "abc", "-20", "200OK"}) {
    EXPECT_EQ(read("Status: " + std::string(bad) + "\n\n"), "a status that is none") << bad;
  }
}

TEST(CgiHead, ends_with_the_first_empty_line_however_it_arrives) {
  for (const std::string block : {"A: b\r\n\r\n", "A: b\n\n", "A: b\n\r\n", "\n", "\r\n", "A: b\r\nC: d\r\n\r\n"}) {
    const std::string text = block + "body\n\nbody";
    for (std::size_t known = 0; known < block.size(); ++known) {
      EXPECT_EQ(end_of_head(std::string_view(text).substr(0, known), 0), std::nullopt) << block << known;
      EXPECT_EQ(end_of_head(text, known), block.size()) << block << known;
    }
  }
}

}  // namespace
}  // namespace gate::http::fcgi

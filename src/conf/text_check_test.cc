#include "conf/text_check.h"

#include <gtest/gtest.h>

#include <string>

namespace gate::conf {
namespace {

TEST(TextCheck, takes_text_tabs_and_both_line_ends) {
  EXPECT_FALSE(find_bad_text("a\tb\nc\r\nd"));
  EXPECT_FALSE(find_bad_text("gr\xc3\xbc\xc3\x9f \xe4\xb8\xad \xf0\x9f\x9a\x80"));
}

TEST(TextCheck, names_the_first_bad_byte) {
  const auto bad = find_bad_text(std::string_view("ab\0cd\0", 6));
  ASSERT_TRUE(bad);
  EXPECT_EQ(bad->offset, 2U);
  EXPECT_EQ(bad->what, "a NUL byte");
}

TEST(TextCheck, refuses_control_characters) {
  EXPECT_TRUE(find_bad_text("a\x1b[31m"));
  EXPECT_TRUE(find_bad_text("a\x7f"));
  EXPECT_TRUE(find_bad_text("a\rb"));
  EXPECT_TRUE(find_bad_text("a\r"));
  EXPECT_TRUE(find_bad_text("\xc2\x85"));
}

TEST(TextCheck, refuses_what_is_not_utf8) {
  for (const std::string_view text :
       {"\x80", "\xc0\xaf", "\xc1\x81", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf0\x80\x80\xaf", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\xff\xfe", "\xc3", "\xe4\xb8", "\xc3("}) {
    EXPECT_TRUE(find_bad_text(text)) << text.size();
  }
}

TEST(TextCheck, refuses_characters_that_change_the_direction) {
  EXPECT_TRUE(find_bad_text("allow \xe2\x80\xae all"));
  EXPECT_TRUE(find_bad_text("allow \xe2\x81\xa6 all"));
  EXPECT_FALSE(find_bad_text("\xe2\x80\xa6\xe2\x82\xac"));
}

TEST(TextCheck, refuses_a_byte_order_mark) { EXPECT_TRUE(find_bad_text("a\xef\xbb\xbf")); }

}  // namespace
}  // namespace gate::conf

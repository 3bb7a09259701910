#include "cli/wrapped.h"

#include <gtest/gtest.h>

namespace gate::cli {
namespace {

TEST(Wrapped, breaks_lines_at_blanks_and_indents_what_follows) {
  EXPECT_EQ(wrapped("one two three", 0, 8), "one two\nthree");
  EXPECT_EQ(wrapped("one two three", 2, 9), "one two\n  three");
  EXPECT_EQ(wrapped("one\ntwo", 0, 80), "one two");
}

TEST(Wrapped, keeps_paragraphs_apart) { EXPECT_EQ(wrapped("one\n\ntwo", 0, 80), "one\n\ntwo"); }

TEST(Wrapped, leaves_a_word_that_is_too_long_whole) {
  EXPECT_EQ(wrapped("a-very-long-word b", 0, 5), "a-very-long-word\nb");
}

TEST(Wrapped, counts_characters_rather_than_bytes) { EXPECT_EQ(wrapped("äöü äöü", 0, 7), "äöü äöü"); }

TEST(Wrapped, makes_nothing_of_nothing) {
  EXPECT_EQ(wrapped(""), "");
  EXPECT_EQ(wrapped("  \n "), "");
}

}  // namespace
}  // namespace gate::cli

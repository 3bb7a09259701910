#include "http/scan.h"

#include <gtest/gtest.h>

#include <string>

namespace gate::http {
namespace {

// The character `c` at each place of texts of each length around the width of a register.
template <class Visit>
void for_each_placement(Visit visit) {
  for (int c = 0; c < 256; ++c) {
    for (std::size_t size = 1; size < 40; ++size) {
      for (std::size_t at = 0; at < size; ++at) {
        std::string text(size, 'a');
        text[at] = static_cast<char>(c);
        visit(text);
      }
    }
  }
}

TEST(Scan, finds_the_end_of_a_token_as_the_table_does) {
  for_each_placement(
      [](const std::string& text) { ASSERT_EQ(token_prefix(text), portable::token_prefix(text)) << text; });
}

TEST(Scan, finds_the_end_of_a_value_as_the_table_does) {
  for_each_placement(
      [](const std::string& text) { ASSERT_EQ(value_prefix(text), portable::value_prefix(text)) << text; });
}

TEST(Scan, finds_the_end_of_visible_text_as_the_table_does) {
  for_each_placement(
      [](const std::string& text) { ASSERT_EQ(visible_prefix(text), portable::visible_prefix(text)) << text; });
}

TEST(Scan, stops_at_the_end_of_the_text_and_not_behind_it) {
  const std::string text(64, 'a');
  for (std::size_t size = 0; size <= text.size(); ++size) {
    const std::string_view part(text.data(), size);
    EXPECT_EQ(token_prefix(part), size);
    EXPECT_EQ(value_prefix(part), size);
    EXPECT_EQ(visible_prefix(part), size);
  }
}

TEST(Scan, lowers_letters_and_nothing_else) {
  for (int c = 0; c < 256; ++c) {
    for (std::size_t size = 0; size < 40; ++size) {
      std::string text = "(" + std::string(size, static_cast<char>(c)) + ")A";
      std::string expected = text;
      const std::span<char> inner(text.data() + 1, size);
      lower_in_place(inner);
      portable::lower_in_place(std::span<char>(expected.data() + 1, size));
      ASSERT_EQ(text, expected);
    }
  }
}

}  // namespace
}  // namespace gate::http

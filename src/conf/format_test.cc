#include "conf/format.h"

#include <gtest/gtest.h>

#include <string>

#include "conf/parse.h"

namespace gate::conf {
namespace {

std::string formatted(std::string text) {
  SourceSet sources;
  Diagnostics diagnostics;
  const Block root = parse(sources.add("a.conf", "", std::move(text)), diagnostics);
  EXPECT_TRUE(diagnostics.empty()) << render(diagnostics, sources);
  return format(root);
}

TEST(Format, indents_by_depth_and_separates_by_one_space) {
  EXPECT_EQ(formatted("a   b {\nc {\n      d\t\te\n}\n}"), "a b {\n  c {\n    d e\n  }\n}\n");
}

TEST(Format, aligns_first_arguments_of_a_run) {
  EXPECT_EQ(formatted("a {\nproxy x y\nfiles z\nspa\n}\n"), "a {\n  proxy x y\n  files z\n  spa\n}\n");
  EXPECT_EQ(formatted("email a\nca b\n"), "email a\nca    b\n");
}

TEST(Format, a_blank_line_a_comment_and_a_block_end_a_run) {
  EXPECT_EQ(formatted("longer a\n\nb c\n# d\ne f\ng {\n}\nhij k\n"), "longer a\n\nb c\n# d\ne f\ng {\n}\nhij k\n");
}

TEST(Format, a_very_long_name_does_not_push_the_others) {
  EXPECT_EQ(formatted("a-name-that-is-very-long x\nb y\nccc z\n"), "a-name-that-is-very-long x\nb   y\nccc z\n");
}

TEST(Format, keeps_comments_and_single_blank_lines) {
  const std::string text = "# top\n\n# of a\na b  # behind\n\nc {  # opens\n  d\n\n  # last\n}  # closed\n\n# end\n";
  EXPECT_EQ(formatted(text), text);
}

TEST(Format, removes_blank_lines_at_edges_and_repeats) {
  EXPECT_EQ(formatted("\n\na {\n\n\n  b\n\n\n\n  c\n\n}\n\n\nd\n\n\n"), "a {\n  b\n\n  c\n}\n\nd\n");
}

TEST(Format, spreads_a_block_that_stood_on_one_line) {
  EXPECT_EQ(formatted("share 443 { ssh on } # c\nx {}\n"), "share 443 {\n  ssh on\n}  # c\nx {\n}\n");
}

TEST(Format, writes_line_feeds_only) {
  EXPECT_EQ(formatted("\xef\xbb\xbf"
                      "a\r\nb\r\n"),
            "a\nb\n");
}

TEST(Format, keeps_quotes_and_escapes) {
  EXPECT_EQ(formatted("a \"b\" \"c d\" \"\\\"\\\\\\n\\r\\t\" \"\"\n"), "a \"b\" \"c d\" \"\\\"\\\\\\n\\r\\t\" \"\"\n");
}

TEST(Format, quotes_a_word_that_needs_it) {
  Block root;
  root.statements.push_back({.name = {"a"},
                             .args = {{"b c"}, {"{"}, {"#d"}, {""}, {"\\"}, {"{x}"}},
                             .block = {},
                             .before = {},
                             .comment = {}});
  EXPECT_EQ(format(root), "a \"b c\" \"{\" \"#d\" \"\" \"\\\\\" {x}\n");
}

TEST(Format, changes_nothing_the_second_time) {
  const std::string once = formatted("# x\n\n\na { b c } # d\nlong-name    x y\nz \"q\"\n\nw {\n# only\n\n}\n#end");
  EXPECT_EQ(formatted(once), once);
}

}  // namespace
}  // namespace gate::conf

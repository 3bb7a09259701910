#include "conf/parse.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <ctime>
#include <string>

#include "conf/codes.h"
#include "conf/json.h"

namespace gate::conf {
namespace {

class ParseTest : public testing::Test {
 protected:
  Block parsed(std::string text) { return parse(sources_.add("a.conf", "", std::move(text)), diagnostics_); }

  base::ErrorCode only_error() const {
    EXPECT_EQ(diagnostics_.error_count(), 1U) << render(diagnostics_, sources_);
    return diagnostics_.shown().empty() ? base::ErrorCode{} : diagnostics_.shown()[0].code;
  }

  SourceSet sources_;
  Diagnostics diagnostics_;
};

std::string nested(std::size_t depth) {
  std::string text;
  for (std::size_t i = 0; i < depth; ++i) text += "a {\n";
  for (std::size_t i = 0; i < depth; ++i) text += "}\n";
  return text;
}

std::string repeated(std::string_view text, std::size_t count) {
  std::string result;
  for (std::size_t i = 0; i < count; ++i) result += text;
  return result;
}

TEST_F(ParseTest, an_empty_text_is_an_empty_tree) {
  EXPECT_TRUE(parsed("").statements.empty());
  EXPECT_TRUE(parsed("\xef\xbb\xbf").statements.empty());
  EXPECT_TRUE(parsed("\n\n").statements.empty());
  EXPECT_TRUE(diagnostics_.empty());
}

TEST_F(ParseTest, reads_statements_arguments_and_blocks) {
  const Block root = parsed("email ops@example.com\nsite a b {\n  files \"/srv/my www\"\n}");
  ASSERT_EQ(root.statements.size(), 2U);
  EXPECT_EQ(root.statements[0].name.text, "email");
  EXPECT_FALSE(root.statements[0].block);
  const Statement& site = root.statements[1];
  ASSERT_EQ(site.args.size(), 2U);
  ASSERT_TRUE(site.block);
  EXPECT_EQ(site.block->statements[0].args[0].text, "/srv/my www");
  EXPECT_TRUE(site.block->statements[0].args[0].quoted);
}

TEST_F(ParseTest, knows_the_place_of_every_word) {
  const Block root = parsed(
      "\xef\xbb\xbf"
      "a\r\n  b  cd\r\n");
  EXPECT_EQ(root.statements[0].name.at, (Position{0, 1, 1, 1}));
  EXPECT_EQ(root.statements[1].name.at, (Position{0, 2, 3, 1}));
  EXPECT_EQ(root.statements[1].args[0].at, (Position{0, 2, 6, 2}));
}

TEST_F(ParseTest, a_block_may_stay_on_its_line) {
  const Block root = parsed("share 443 { ssh localhost:22 }\na { b { c } }\nd {}\n");
  EXPECT_TRUE(diagnostics_.empty()) << render(diagnostics_, sources_);
  ASSERT_EQ(root.statements.size(), 3U);
  EXPECT_EQ(root.statements[0].block->statements[0].args[0].text, "localhost:22");
  EXPECT_EQ(root.statements[1].block->statements[0].block->statements[0].name.text, "c");
  EXPECT_TRUE(root.statements[2].block->statements.empty());
}

TEST_F(ParseTest, keeps_comments_where_they_stand) {
  const Block root = parsed("# top\n\na b # of a\nc { # of c\n  d\n\n  # last\n} # closed\n# end\n");
  const auto& statements = root.statements;
  EXPECT_EQ(statements[0].before, (std::vector<std::string>{"# top", ""}));
  EXPECT_EQ(statements[0].comment, "# of a");
  EXPECT_EQ(statements[1].comment, "# of c");
  EXPECT_EQ(statements[1].block->end, (std::vector<std::string>{"", "# last"}));
  EXPECT_EQ(statements[1].block->close_comment, "# closed");
  EXPECT_EQ(root.end, (std::vector<std::string>{"# end"}));
}

TEST_F(ParseTest, keeps_one_blank_line_and_none_at_an_edge) {
  const Block root = parsed("\n\na\n\n\nb {\n\n  c\n\n}\n\n");
  EXPECT_TRUE(root.statements[0].before.empty());
  EXPECT_EQ(root.statements[1].before, (std::vector<std::string>{""}));
  EXPECT_TRUE(root.statements[1].block->statements[0].before.empty());
  EXPECT_TRUE(root.statements[1].block->end.empty());
  EXPECT_TRUE(root.end.empty());
}

TEST_F(ParseTest, reports_all_mistakes_of_a_text) {
  parsed("a \"b\nc x\"y\n}\n\"d\" e\n");
  EXPECT_EQ(diagnostics_.error_count(), 4U) << render(diagnostics_, sources_);
}

TEST_F(ParseTest, reports_a_block_that_is_never_closed_once) {
  parsed("site a {\n  proxy b {\n  }\n");
  EXPECT_EQ(only_error(), kBlockNotClosed);
  EXPECT_EQ(diagnostics_.shown()[0].at.line, 1U);
}

TEST_F(ParseTest, reports_a_brace_that_closes_nothing) {
  const Block root = parsed("a\n}\nb\n");
  EXPECT_EQ(only_error(), kNothingToClose);
  EXPECT_EQ(root.statements.size(), 2U);
}

TEST_F(ParseTest, refuses_a_brace_on_a_line_of_its_own) {
  const Block root = parsed("site a\n{\n  b\n}\nc\n");
  EXPECT_EQ(only_error(), kNameExpected);
  EXPECT_EQ(root.statements.size(), 2U);
}

TEST_F(ParseTest, refuses_a_string_as_a_name) {
  parsed("\"site\" a\n");
  EXPECT_EQ(only_error(), kNameExpected);
}

TEST_F(ParseTest, refuses_text_after_a_block) {
  const Block root = parsed("a {\n  b\n} c {\n  d\n}\n");
  EXPECT_EQ(only_error(), kTextAfterBlock);
  EXPECT_EQ(root.statements.size(), 2U);
}

TEST_F(ParseTest, refuses_a_nul_byte_and_bad_utf8) {
  EXPECT_TRUE(parsed(std::string("a\nb \0c", 6)).statements.empty());
  EXPECT_EQ(only_error(), kInvalidText);
  EXPECT_EQ(diagnostics_.shown()[0].at, (Position{0, 2, 3, 1}));
  parsed("a \xff\n");
  EXPECT_EQ(diagnostics_.error_count(), 2U);
}

TEST_F(ParseTest, nests_up_to_the_bound_and_no_deeper) {
  parsed(nested(kNestingMax));
  EXPECT_TRUE(diagnostics_.empty());
  parsed(nested(kNestingMax + 1) + "b\n");
  EXPECT_EQ(only_error(), kNestedTooDeep);
}

TEST_F(ParseTest, a_million_open_braces_are_one_error) {
  parsed(repeated("a {\n", 1'000'000));
  EXPECT_EQ(only_error(), kNestedTooDeep);
}

TEST_F(ParseTest, takes_as_many_statements_as_the_bound_and_no_more) {
  EXPECT_EQ(parsed(repeated("a\n", kStatementsMax)).statements.size(), kStatementsMax);
  EXPECT_TRUE(diagnostics_.empty());
  parsed("b {\n" + repeated("a\n", kStatementsMax) + "}\n");
  EXPECT_EQ(only_error(), kTooManyStatements);
}

TEST_F(ParseTest, takes_as_many_arguments_as_the_bound_and_no_more) {
  parsed("a" + repeated(" b", kWordsMax));
  EXPECT_TRUE(diagnostics_.empty());
  EXPECT_EQ(parsed("a" + repeated(" b", kWordsMax + 9)).statements[0].args.size(), kWordsMax);
  EXPECT_EQ(only_error(), kTooManyWords);
}

TEST_F(ParseTest, refuses_a_text_over_the_bound) {
  parsed(std::string(kFileBytesMax, '#'));
  EXPECT_TRUE(diagnostics_.empty());
  parsed(std::string(kFileBytesMax + 1, '#'));
  EXPECT_EQ(only_error(), kFileTooLarge);
}

TEST_F(ParseTest, leaves_includes_alone) {
  const Block root = parsed("include absent.conf\n");
  EXPECT_TRUE(diagnostics_.empty());
  EXPECT_EQ(root.statements[0].name.text, "include");
}

// In processor time, since a busy machine's clock says little. A quadratic parser takes a hundred times as long for ten
// times the text.
TEST_F(ParseTest, takes_time_in_proportion_to_the_text) {
  const auto ticks_to_parse = [this](int sites) {
    std::string text;
    for (int i = 0; i < sites; ++i) {
      text += fmt::format("site a{}.example.com {{\n  proxy /api/* localhost:3000\n  files /srv/{}\n}}\n", i, i);
    }
    const std::clock_t start = std::clock();
    EXPECT_EQ(parsed(std::move(text)).statements.size(), static_cast<std::size_t>(sites));
    return std::clock() - start;
  };
  const std::clock_t tenth = ticks_to_parse(10'000);
  EXPECT_LT(ticks_to_parse(100'000), 30 * tenth);
  EXPECT_TRUE(diagnostics_.empty());
}

}  // namespace
}  // namespace gate::conf

#include "conf/diagnostics.h"

#include <gtest/gtest.h>

#include <string>

#include "conf/codes.h"

namespace gate::conf {
namespace {

class DiagnosticsTest : public testing::Test {
 protected:
  Position at(std::uint32_t line, std::uint32_t column, std::uint32_t length) const {
    return {0, line, column, length};
  }
  void source(std::string text) { sources_.add("gate443.conf", "", std::move(text)); }
  std::string rendered() const { return render(diagnostics_, sources_); }

  SourceSet sources_;
  Diagnostics diagnostics_;
};

TEST_F(DiagnosticsTest, shows_place_line_carets_and_help) {
  source(std::string(11, '\n') + "  prxy localhost:3000\n");
  diagnostics_.error(kUnknownWord, at(12, 3, 4), "unknown word \"prxy\" in site example.com",
                     "did you mean \"proxy\"?");
  EXPECT_EQ(rendered(),
            "gate443.conf:12:3: error G0142: unknown word \"prxy\" in site example.com\n"
            "   12 |   prxy localhost:3000\n"
            "      |   ^^^^ did you mean \"proxy\"?\n");
}

TEST_F(DiagnosticsTest, shows_a_finding_without_a_place) {
  diagnostics_.error(kCannotReadFile, {}, "cannot read it", "create it");
  EXPECT_EQ(rendered(), "error G0101: cannot read it\n  fix:  create it\n");
}

TEST_F(DiagnosticsTest, names_the_related_place_after_the_help) {
  source("a\na\n");
  diagnostics_.add({.code = kRepeatedStatement,
                    .at = at(2, 1, 1),
                    .message = "twice",
                    .help = "first given at",
                    .related = at(1, 1, 1)});
  EXPECT_NE(rendered().find("^ first given at gate443.conf:1:1\n"), std::string::npos) << rendered();
}

TEST_F(DiagnosticsTest, counts_columns_in_characters) {
  source("gr\xc3\xbc\xc3\x9f x\n");
  diagnostics_.error(kUnknownWord, at(1, 8, 1), "m");
  EXPECT_EQ(rendered(), "gate443.conf:1:6: error G0142: m\n    1 | gr\xc3\xbc\xc3\x9f x\n      |      ^\n");
}

TEST_F(DiagnosticsTest, keeps_the_carets_under_the_word_after_a_tab) {
  source("\tprxy\n");
  diagnostics_.error(kUnknownWord, at(1, 2, 4), "m");
  EXPECT_EQ(rendered(), "gate443.conf:1:2: error G0142: m\n    1 |  prxy\n      |  ^^^^\n");
}

TEST_F(DiagnosticsTest, shows_a_long_line_around_the_finding) {
  source(std::string(300, 'a') + " prxy " + std::string(300, 'b') + "\n");
  diagnostics_.error(kUnknownWord, at(1, 302, 4), "m");
  const std::string text = rendered();
  EXPECT_NE(text.find("…aaa"), std::string::npos);
  EXPECT_NE(text.find("bbb…"), std::string::npos);
  EXPECT_LT(text.size(), 350U);
  const auto line = text.find("…");
  const auto caret = text.find("^^^^");
  const auto second = text.rfind("      | ", caret);
  // The ellipsis is one cell of three bytes.
  EXPECT_EQ(text.find("prxy") - line - 2, caret - second - 8);
}

TEST_F(DiagnosticsTest, sends_no_control_character_of_a_source_to_the_terminal) {
  source("a\x1b[2J \xff \xc2\x9b b\n");
  diagnostics_.error(kInvalidText, at(1, 2, 1), "m");
  EXPECT_EQ(rendered(), "gate443.conf:1:2: error G0103: m\n    1 | a?[2J ? ? b\n      |  ^\n");
}

TEST_F(DiagnosticsTest, hides_a_line_that_may_hold_a_secret) {
  source("password hunter2\n");
  diagnostics_.add({.code = kSecretInPlain, .at = at(1, 10, 7), .message = "m", .help = "h", .hides_line = true});
  EXPECT_EQ(rendered(), "gate443.conf:1:10: error G0161: m\n  fix:  h\n");
  EXPECT_EQ(render_json(diagnostics_, sources_).find("hunter2"), std::string::npos);
}

TEST_F(DiagnosticsTest, sorts_by_place) {
  source("a b\nc\n");
  diagnostics_.error(kBadPath, at(2, 1, 1), "third");
  diagnostics_.error(kBadPath, at(1, 3, 1), "second");
  diagnostics_.warning(kBadPath, at(1, 1, 1), "first");
  EXPECT_LT(rendered().find("first"), rendered().find("second"));
  EXPECT_LT(rendered().find("second"), rendered().find("third"));
}

TEST_F(DiagnosticsTest, shows_twenty_and_counts_the_rest) {
  source(std::string(40, '\n'));
  for (std::uint32_t i = 1; i <= 22; ++i) diagnostics_.error(kBadPath, at(i, 1, 1), "m");
  EXPECT_EQ(diagnostics_.error_count(), 22U);
  EXPECT_EQ(diagnostics_.shown().size(), 20U);
  EXPECT_NE(rendered().find("… and 2 more errors\n"), std::string::npos);
}

TEST_F(DiagnosticsTest, a_flood_of_warnings_hides_no_error) {
  for (std::uint32_t i = 1; i <= 30; ++i) diagnostics_.warning(kBadPath, at(i, 1, 1), "w");
  diagnostics_.error(kBadPath, at(1, 1, 1), "the error");
  EXPECT_NE(rendered().find("the error"), std::string::npos);
  EXPECT_NE(rendered().find("… and 10 more warnings\n"), std::string::npos);
}

TEST_F(DiagnosticsTest, keeps_a_repeated_finding_once) {
  diagnostics_.error(kBadPath, at(1, 1, 1), "m");
  diagnostics_.error(kBadPath, at(1, 1, 1), "m");
  EXPECT_EQ(diagnostics_.error_count(), 1U);
}

TEST_F(DiagnosticsTest, warnings_are_no_errors) {
  diagnostics_.warning(kBadPath, {}, "m");
  EXPECT_FALSE(diagnostics_.has_errors());
  EXPECT_FALSE(diagnostics_.empty());
  EXPECT_EQ(rendered(), "warning G0154: m\n");
}

TEST_F(DiagnosticsTest, renders_as_json) {
  source("a\na\n");
  diagnostics_.add(
      {.code = kRepeatedStatement, .at = at(2, 1, 1), .message = "\"a\"\n", .help = "h", .related = at(1, 1, 1)});
  EXPECT_EQ(render_json(diagnostics_, sources_),
            "{\"errors\":1,\"warnings\":0,\"diagnostics\":[\n"
            R"({"severity":"error","code":"G0146","file":"gate443.conf","line":2,"column":1,"length":1,)"
            R"("message":"\"a\"\n","help":"h","related":{"file":"gate443.conf","line":1,"column":1,"length":1}})"
            "\n]}\n");
}

TEST(Shown, quotes_escapes_and_shortens) {
  EXPECT_EQ(shown("a b"), "\"a b\"");
  EXPECT_EQ(shown("a\nb"), "\"a\\nb\"");
  EXPECT_EQ(shown("a\x1b"), "\"a?\"");
  const std::string long_text = shown(std::string(50, 'a') + std::string(50, 'b'));
  EXPECT_EQ(long_text, "\"" + std::string(40, 'a') + "…" + std::string(12, 'b') + "\"");
}

TEST(Suggestion, names_a_near_word_only) {
  constexpr std::string_view kWords[] = {"proxy", "files"};
  EXPECT_EQ(suggestion("prxy", kWords), "did you mean \"proxy\"?");
  EXPECT_EQ(suggestion("unrelated", kWords), "");
  EXPECT_EQ(suggestion(std::string(100'000, 'p'), kWords), "");
}

}  // namespace
}  // namespace gate::conf

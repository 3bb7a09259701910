#include "conf/lexer.h"

#include <gtest/gtest.h>

#include <string>

#include "conf/codes.h"
#include "conf/parse.h"

namespace gate::conf {
namespace {

class LexerTest : public testing::Test {
 protected:
  // The tokens of a text as a line: words as they are, strings in <>, the rest by sign.
  std::string tokens(std::string text) {
    Lexer lexer(sources_.add("a.conf", "", std::move(text)), diagnostics_);
    std::string line;
    for (Token token = lexer.next(); token.kind != TokenKind::kEnd; token = lexer.next()) {
      if (!line.empty()) line += ' ';
      line += sign(token);
      last_ = token.word.at;
    }
    return line;
  }

  base::ErrorCode only_error() const {
    EXPECT_EQ(diagnostics_.error_count(), 1U) << render(diagnostics_, sources_);
    return diagnostics_.shown().empty() ? base::ErrorCode{} : diagnostics_.shown()[0].code;
  }

  SourceSet sources_;
  Diagnostics diagnostics_;
  Position last_;

 private:
  static std::string sign(const Token& token) {
    switch (token.kind) {
      case TokenKind::kWord: return token.word.quoted ? "<" + token.word.text + ">" : token.word.text;
      case TokenKind::kOpen: return "OPEN";
      case TokenKind::kClose: return "CLOSE";
      case TokenKind::kComment: return "COMMENT(" + token.word.text + ")";
      case TokenKind::kBlankLine: return "BLANK";
      case TokenKind::kLineEnd: return "END";
      case TokenKind::kEnd: break;
    }
    return "?";
  }
};

TEST_F(LexerTest, cuts_words_at_blanks) { EXPECT_EQ(tokens("  a\tb  c \n"), "a b c END"); }

TEST_F(LexerTest, takes_every_other_character_into_a_bare_word) {
  EXPECT_EQ(tokens("https://{host}/#top 10.0.0.0/8 ^/a\\.b$ *.example.com"),
            "https://{host}/#top 10.0.0.0/8 ^/a\\.b$ *.example.com");
}

TEST_F(LexerTest, a_brace_that_stands_alone_is_punctuation) {
  EXPECT_EQ(tokens("a { b } {} {x} }y"), "a OPEN b CLOSE OPEN CLOSE {x} }y");
}

TEST_F(LexerTest, a_comment_starts_at_the_start_of_a_word) {
  EXPECT_EQ(tokens("# one  \na#b #two\r\n"), "COMMENT(# one) END a#b COMMENT(#two) END");
}

TEST_F(LexerTest, tells_blank_lines_from_ends_of_lines) {
  EXPECT_EQ(tokens("\n a\n \t\n\r\nb"), "BLANK a END BLANK BLANK b");
}

TEST_F(LexerTest, crlf_ends_a_line_and_belongs_to_no_word) { EXPECT_EQ(tokens("a b\r\nc\r\n"), "a b END c END"); }

TEST_F(LexerTest, resolves_escapes) {
  EXPECT_EQ(tokens(R"("a \"b\" \\ c\n\r\t" "")"), "<a \"b\" \\ c\n\r\t> <>");
  EXPECT_TRUE(diagnostics_.empty());
}

TEST_F(LexerTest, points_at_an_unknown_escape) {
  EXPECT_EQ(tokens("ab \"x\\d\" c"), "ab <xd> c");
  EXPECT_EQ(only_error(), kUnknownEscape);
  EXPECT_EQ(diagnostics_.shown()[0].at, (Position{0, 1, 6, 2}));
}

TEST_F(LexerTest, a_string_ends_on_its_line) {
  EXPECT_EQ(tokens("a \"b c\nd"), "a <b c> END d");
  EXPECT_EQ(only_error(), kUnterminatedString);
}

TEST_F(LexerTest, an_escaped_quote_does_not_end_a_string) {
  tokens("a \"b\\\"\n");
  EXPECT_EQ(only_error(), kUnterminatedString);
}

TEST_F(LexerTest, a_lonely_quote_at_the_end_is_an_open_string) {
  EXPECT_EQ(tokens("\""), "<>");
  EXPECT_EQ(only_error(), kUnterminatedString);
}

TEST_F(LexerTest, an_open_string_leaves_the_brace_of_its_block) {
  EXPECT_EQ(tokens("site \"b {\n}"), "site <b> OPEN END CLOSE");
  EXPECT_EQ(only_error(), kUnterminatedString);
}

TEST_F(LexerTest, refuses_a_quote_inside_a_word) {
  EXPECT_EQ(tokens("a x\"b c\"y d"), "a x d");
  EXPECT_EQ(only_error(), kQuoteInsideWord);
}

TEST_F(LexerTest, refuses_a_word_glued_to_a_string) {
  EXPECT_EQ(tokens("a \"b\"c"), "a <b>");
  EXPECT_EQ(only_error(), kQuoteInsideWord);
}

TEST_F(LexerTest, refuses_to_continue_a_line) {
  tokens("a b \\\n c");
  EXPECT_EQ(only_error(), kLineContinued);
}

TEST_F(LexerTest, refuses_a_word_over_the_bound) {
  tokens("a " + std::string(kWordBytesMax, 'x'));
  EXPECT_TRUE(diagnostics_.empty());
  tokens("a " + std::string(kWordBytesMax + 1, 'x'));
  EXPECT_EQ(only_error(), kWordTooLong);
}

TEST_F(LexerTest, knows_where_a_word_stands) {
  tokens("a\n  \"b c\"");
  EXPECT_EQ(last_, (Position{0, 2, 3, 5}));
}

}  // namespace
}  // namespace gate::conf

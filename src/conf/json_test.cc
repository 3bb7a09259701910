#include "conf/json.h"

#include <gtest/gtest.h>

#include <string>

#include "conf/codes.h"
#include "conf/format.h"
#include "conf/parse.h"

namespace gate::conf {
namespace {

Block parsed(std::string text) {
  SourceSet sources;
  Diagnostics diagnostics;
  Block root = parse(sources.add("a.conf", "", std::move(text)), diagnostics);
  EXPECT_TRUE(diagnostics.empty()) << render(diagnostics, sources);
  return root;
}

// Why a JSON text is refused.
std::string refusal(std::string_view text) {
  const auto root = from_json(text);
  if (root) return "accepted";
  EXPECT_EQ(root.error().code, kBadJson);
  return root.error().what;
}

std::string nested(std::size_t depth) {
  std::string text = R"({"name":"a"})";
  for (std::size_t i = 0; i < depth; ++i) text = R"({"name":"a","block":[)" + text + "]}";
  return R"({"statements":[)" + text + "]}";
}

TEST(Json, writes_one_statement_a_line) {
  EXPECT_EQ(to_json(parsed("email a@b\nsite x y {\n  files /srv\n}\n")),
            "{\"statements\":[\n"
            "  {\"name\":\"email\",\"args\":[\"a@b\"]},\n"
            "  {\"name\":\"site\",\"args\":[\"x\",\"y\"],\"block\":[\n"
            "    {\"name\":\"files\",\"args\":[\"/srv\"]}\n"
            "  ]}\n"
            "]}\n");
}

TEST(Json, an_empty_tree_is_an_empty_list) { EXPECT_EQ(to_json({}), "{\"statements\":[]}\n"); }

TEST(Json, says_everything_the_text_says) {
  const Block root = parsed("# x\n\na \"b c\" \"\\n\\\"\\\\\" # y\nb { # z\n  c {}\n  # e\n} # f\n# g\n");
  const auto back = from_json(to_json(root));
  ASSERT_TRUE(back) << back.error().what;
  EXPECT_TRUE(same_content(root, *back));
  EXPECT_TRUE(same_content(root, parsed(format(*back))));
}

TEST(Json, an_empty_block_is_not_an_absent_one) {
  const auto with = from_json(R"({"statements":[{"name":"a","block":[]}]})");
  const auto without = from_json(R"({"statements":[{"name":"a","args":[]}]})");
  ASSERT_TRUE(with && without);
  EXPECT_TRUE(with->statements[0].block);
  EXPECT_FALSE(without->statements[0].block);
  EXPECT_FALSE(same_content(*with, *without));
}

TEST(Json, refuses_what_is_no_json) {
  EXPECT_NE(refusal("{\"statements\":[").find("not JSON: parse error at line 1"), std::string::npos) << refusal("{");
  EXPECT_NE(refusal("{\"statements\":[{\"name\":\"\xff\"}]}").find("not JSON"), std::string::npos);
}

TEST(Json, refuses_other_shapes_and_says_where) {
  EXPECT_EQ(refusal("[]"), "the top level is not an object");
  EXPECT_EQ(refusal("{}"), "the top level has no \"statements\"");
  EXPECT_EQ(refusal(R"({"statements":{}})"), "statements is not an array");
  EXPECT_EQ(refusal(R"({"statements":[{}]})"), "statements[0] has no \"name\"");
  EXPECT_EQ(refusal(R"({"statements":[{"name":"a"},{"name":1}]})"), "statements[1] is not a string");
  EXPECT_EQ(refusal(R"({"statements":[{"name":"a","args":["b",2]}]})"), "statements[0].args[1] is not a string");
  EXPECT_EQ(refusal(R"({"statements":[{"name":"a","arg":[]}]})"), "statements[0] has an unknown field \"arg\"");
  EXPECT_EQ(refusal(R"({"statements":[{"name":"a","block":[{"name":"b","args":"c"}]}]})"),
            "statements[0].block[0].args is not an array");
  EXPECT_EQ(refusal(R"({"statements":[{"name":"a","close_comment":"# b"}]})"),
            "statements[0] has the end of a block but no block");
}

TEST(Json, refuses_what_the_block_language_cannot_say) {
  EXPECT_EQ(refusal(R"({"statements":[{"name":"a b"}]})"), "statements[0] has a name that would need quotes");
  EXPECT_EQ(refusal(R"({"statements":[{"name":""}]})"), "statements[0] has a name that would need quotes");
  EXPECT_EQ(refusal(R"({"statements":[{"name":"a","args":["\u0000"]}]})"), "statements[0].args[0] holds a NUL byte");
  EXPECT_EQ(refusal(R"({"statements":[{"name":"a","args":["\u001b"]}]})"),
            "statements[0].args[0] holds a control character");
}

TEST(Json, refuses_a_comment_that_would_become_a_statement) {
  EXPECT_NE(refusal(R"({"statements":[{"name":"a","comment":"b"}]})").find("does not start with #"), std::string::npos);
  EXPECT_NE(refusal(R"({"statements":[{"name":"a","before":["# x\nevil"]}]})").find("single comment line"),
            std::string::npos);
  EXPECT_NE(refusal(R"({"statements":[],"end":["# x\r"]})").find("single comment line"), std::string::npos);
}

TEST(Json, nests_as_deep_as_the_text_and_no_deeper) {
  EXPECT_EQ(refusal(nested(kNestingMax)), "accepted");
  EXPECT_NE(refusal(nested(kNestingMax + 1)).find("too deep"), std::string::npos);
}

TEST(Json, survives_deep_nesting_of_other_values) {
  EXPECT_NE(refusal(std::string(100'000, '[')), "accepted");
  EXPECT_NE(refusal(std::string(100'000, '[') + std::string(100'000, ']')), "accepted");
}

TEST(Json, refuses_a_word_over_the_bound) {
  const auto with_word = [](std::size_t bytes) {
    return R"({"statements":[{"name":"a","args":[")" + std::string(bytes, 'x') + R"("]}]})";
  };
  EXPECT_EQ(refusal(with_word(kWordBytesMax)), "accepted");
  EXPECT_EQ(refusal(with_word(kWordBytesMax + 1)), "statements[0].args[0] is too long");
}

}  // namespace
}  // namespace gate::conf

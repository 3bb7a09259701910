#include "conf/table.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

#include "conf/fake_environment_for_test.h"
#include "conf/parse.h"

namespace gate::conf {
namespace {

struct Plan {
  std::string root;
  std::vector<std::string> index;
  std::vector<std::size_t> order;
};

void read_root(Context<Plan>& context, const Statement& statement) {
  context.plan.root = statement.args[0].text;
  context.plan.order.push_back(context.order);
}

void read_index(Context<Plan>& context, const Statement& statement) {
  for (const auto& word : statement.args) context.plan.index.push_back(word.text);
  context.plan.order.push_back(context.order);
}

void read_nothing(Context<Plan>&, const Statement&) {}

constexpr Directive<Plan> kTable[] = {
    {.name = "root",
     .synopsis = "root DIRECTORY",
     .summary = "s",
     .args = {1, 1},
     .occurs = Occurs::kRequired,
     .handle = read_root},
    {.name = "index",
     .synopsis = "index NAME…",
     .summary = "s",
     .args = {1, kAnyNumber},
     .occurs = Occurs::kRepeated,
     .handle = read_index},
    {.name = "group", .synopsis = "group { … }", .summary = "s", .block = BlockRule::kRequired, .handle = read_nothing},
    {.name = "maybe",
     .synopsis = "maybe [A [B]] [{ … }]",
     .summary = "s",
     .args = {0, 2},
     .block = BlockRule::kAllowed,
     .handle = read_nothing},
};

struct Other {
  std::size_t order = 0;
};

constexpr Directive<Other> kOtherTable[] = {
    {.name = "other",
     .synopsis = "other",
     .summary = "s",
     .handle = [](Context<Other>& context, const Statement&) { context.plan.order = context.order; }},
};

class TableTest : public testing::Test {
 protected:
  void read(const std::string& inside) {
    const Block& root =
        trees_.emplace_back(parse(sources_.add("a.conf", "", "site x {\n" + inside + "\n}\n"), diagnostics_));
    read_block<Plan>(root.statements[0], kTable, plan_, reader_);
  }

  std::string rendered() const { return render(diagnostics_, sources_); }

  FakeEnvironment environment_;
  SourceSet sources_;
  Diagnostics diagnostics_;
  Reader reader_{diagnostics_, sources_, environment_};
  std::deque<Block> trees_;
  Plan plan_;
};

TEST_F(TableTest, hands_statements_to_their_handlers_in_order) {
  read("index a b\nroot /srv\nindex c");
  EXPECT_TRUE(diagnostics_.empty()) << rendered();
  EXPECT_EQ(plan_.root, "/srv");
  EXPECT_EQ(plan_.index, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(plan_.order, (std::vector<std::size_t>{0, 1, 2}));
}

TEST_F(TableTest, suggests_the_nearest_word) {
  read("rot /srv\nroot /srv");
  EXPECT_EQ(rendered(),
            "a.conf:2:1: error G0142: unknown word \"rot\" in site x\n"
            "    2 | rot /srv\n"
            "      | ^^^ did you mean \"root\"?\n");
}

TEST_F(TableTest, lists_the_words_when_none_is_near) {
  read("zzzzzz\nroot /srv");
  EXPECT_NE(rendered().find("known here: group, index, maybe, root"), std::string::npos) << rendered();
}

TEST_F(TableTest, shows_the_synopsis_for_a_wrong_number_of_arguments) {
  read("root /srv /www");
  EXPECT_EQ(rendered(),
            "a.conf:2:11: error G0143: \"root\" takes one argument, not 2\n"
            "    2 | root /srv /www\n"
            "      |           ^^^^ usage: root DIRECTORY\n");
}

TEST_F(TableTest, says_how_many_arguments_there_may_be) {
  read("root a\nindex");
  EXPECT_NE(rendered().find("\"index\" takes one or more arguments, not 0"), std::string::npos) << rendered();
  read("root a\nmaybe a b c");
  EXPECT_NE(rendered().find("\"maybe\" takes at most 2 arguments, not 3"), std::string::npos) << rendered();
  read("root a\ngroup a { }");
  EXPECT_NE(rendered().find("\"group\" takes no arguments, not 1"), std::string::npos) << rendered();
}

TEST_F(TableTest, a_block_stands_where_it_belongs_only) {
  read("root a {\n}\ngroup\nmaybe {\n}");
  EXPECT_EQ(diagnostics_.error_count(), 2U);
  EXPECT_NE(rendered().find("\"root\" takes no block"), std::string::npos);
  EXPECT_NE(rendered().find("\"group\" needs a block"), std::string::npos);
}

TEST_F(TableTest, a_repeat_names_the_first_place) {
  read("root a\nroot b\nroot c");
  EXPECT_EQ(diagnostics_.error_count(), 2U);
  EXPECT_NE(rendered().find("a.conf:3:1: error G0146: \"root\" stands twice in site x"), std::string::npos);
  EXPECT_NE(rendered().find("^^^^ first given at a.conf:2:1"), std::string::npos);
  EXPECT_EQ(plan_.root, "a");
}

TEST_F(TableTest, an_absent_required_statement_is_missed) {
  read("");
  EXPECT_NE(rendered().find("a.conf:1:1: error G0147: \"root\" is missing in site x"), std::string::npos) << rendered();
}

TEST_F(TableTest, a_faulty_required_statement_is_not_missed_as_well) {
  read("root");
  EXPECT_EQ(diagnostics_.error_count(), 1U);
}

TEST_F(TableTest, an_absent_block_reads_as_empty) {
  const Block root = parse(sources_.add("a.conf", "", "site\n"), diagnostics_);
  read_block<Plan>(root.statements[0], kTable, plan_, reader_);
  EXPECT_EQ(diagnostics_.error_count(), 1U);
}

TEST_F(TableTest, a_scope_mixes_tables_and_keeps_the_order_of_the_text) {
  const Block root = parse(sources_.add("a.conf", "", "root a\nother\nindex b\n"), diagnostics_);
  Other other;
  Scope scope;
  scope.add<Plan>(kTable, plan_);
  scope.add<Other>(kOtherTable, other);
  scope.read(root, reader_);
  EXPECT_TRUE(diagnostics_.empty()) << rendered();
  EXPECT_EQ(other.order, 1U);
  EXPECT_EQ(plan_.order, (std::vector<std::size_t>{0, 2}));
}

TEST_F(TableTest, names_the_top_level) {
  const Block root = parse(sources_.add("a.conf", "", "zzz\n"), diagnostics_);
  Scope().read(root, reader_);
  EXPECT_NE(rendered().find("unknown word \"zzz\" at the top level"), std::string::npos);
}

TEST(Title, names_a_statement_by_its_first_argument) {
  Statement statement{.name = {"site"}, .args = {}, .block = {}, .before = {}, .comment = {}};
  EXPECT_EQ(title(statement), "site");
  statement.args = {{"example.com"}, {"www.example.com"}};
  EXPECT_EQ(title(statement), "site example.com");
  statement.args = {{"a b\n"}};
  EXPECT_EQ(title(statement), "site \"a b\\n\"");
}

}  // namespace
}  // namespace gate::conf

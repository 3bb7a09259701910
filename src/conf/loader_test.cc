#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "conf/codes.h"
#include "conf/fake_environment_for_test.h"
#include "conf/parse.h"

namespace gate::conf {
namespace {

class LoaderTest : public testing::Test {
 protected:
  Block loaded(const std::string& path) { return load(path, environment_, sources_, diagnostics_); }

  // The names of a block's statements, those of inner blocks in brackets.
  static std::string names(const Block& block) {
    std::string line;
    for (const auto& statement : block.statements) {
      line += (line.empty() ? "" : " ") + statement.name.text;
      if (statement.block) line += "[" + names(*statement.block) + "]";
    }
    return line;
  }

  base::ErrorCode only_error() const {
    EXPECT_EQ(diagnostics_.error_count(), 1U) << render(diagnostics_, sources_);
    return diagnostics_.shown().empty() ? base::ErrorCode{} : diagnostics_.shown()[0].code;
  }

  FakeEnvironment environment_;
  SourceSet sources_;
  Diagnostics diagnostics_;
};

TEST_F(LoaderTest, puts_included_statements_in_the_place_of_the_include) {
  environment_.files = {{"a.conf", "a\ninclude b.conf\nz\n"}, {"b.conf", "b\nc\n"}};
  EXPECT_EQ(names(loaded("a.conf")), "a b c z");
  EXPECT_TRUE(diagnostics_.empty());
}

TEST_F(LoaderTest, includes_inside_a_block) {
  environment_.files = {{"a.conf", "site x {\n  include b.conf\n}\n"}, {"b.conf", "b {\n  c\n}\n"}};
  EXPECT_EQ(names(loaded("a.conf")), "site[b[c]]");
}

TEST_F(LoaderTest, looks_beside_the_including_file) {
  environment_.files = {
      {"/etc/a.conf", "include d/b.conf\n"}, {"/etc/d/b.conf", "include c.conf\n"}, {"/etc/d/c.conf", "c\n"}};
  EXPECT_EQ(names(loaded("/etc/a.conf")), "c");
}

TEST_F(LoaderTest, a_glob_includes_each_file_in_order_and_may_match_none) {
  environment_.files = {
      {"a.conf", "include s/*.conf\ninclude none/*.conf\n"}, {"s/2.conf", "two\n"}, {"s/1.conf", "one\n"}};
  EXPECT_EQ(names(loaded("a.conf")), "one two");
  EXPECT_TRUE(diagnostics_.empty());
}

TEST_F(LoaderTest, a_missing_file_is_an_error_at_its_name) {
  environment_.files = {{"a.conf", "\ninclude b.conf\n"}};
  loaded("a.conf");
  EXPECT_EQ(only_error(), kCannotReadFile);
  EXPECT_EQ(sources_.place(diagnostics_.shown()[0].at), "a.conf:2:9");
}

TEST_F(LoaderTest, a_missing_configuration_is_an_error) {
  loaded("a.conf");
  EXPECT_EQ(only_error(), kCannotReadFile);
}

TEST_F(LoaderTest, refuses_a_file_that_includes_itself) {
  environment_.files = {{"a.conf", "include b.conf\n"}, {"b.conf", "b\ninclude a.conf\n"}};
  EXPECT_EQ(names(loaded("a.conf")), "b");
  EXPECT_EQ(only_error(), kIncludeCycle);
}

TEST_F(LoaderTest, takes_the_same_file_twice_side_by_side) {
  environment_.files = {{"a.conf", "x {\n  include b.conf\n}\ny {\n  include b.conf\n}\n"}, {"b.conf", "b\n"}};
  EXPECT_EQ(names(loaded("a.conf")), "x[b] y[b]");
  EXPECT_TRUE(diagnostics_.empty());
}

TEST_F(LoaderTest, reports_a_mistake_in_a_file_included_twice_once) {
  environment_.files = {{"a.conf", "include b.conf\ninclude b.conf\n"}, {"b.conf", "\"b\" c\n"}};
  loaded("a.conf");
  EXPECT_EQ(only_error(), kNameExpected);
}

TEST_F(LoaderTest, nests_includes_up_to_the_bound_and_no_deeper) {
  for (std::size_t i = 0; i < kIncludeDepthMax; ++i) {
    environment_.files[std::to_string(i)] = "include " + std::to_string(i + 1) + "\n";
  }
  const std::string last = std::to_string(kIncludeDepthMax);
  environment_.files[last] = "end\n";
  EXPECT_EQ(names(loaded("0")), "end");
  environment_.files[last] = "include more\n";
  environment_.files["more"] = "end\n";
  loaded("0");
  EXPECT_EQ(only_error(), kIncludeTooDeep);
}

TEST_F(LoaderTest, bounds_the_files_included) {
  environment_.files = {{"a", ""}, {"b", "c\n"}};
  for (std::size_t i = 0; i < kFilesMax; ++i) environment_.files["a"] += "include b\n";
  EXPECT_EQ(loaded("a").statements.size(), kFilesMax);
  environment_.files["a"] += "include b\n";
  loaded("a");
  EXPECT_EQ(only_error(), kTooManyFiles);
}

TEST_F(LoaderTest, bounds_the_bytes_included_however_few_files_they_are_in) {
  environment_.files = {{"a", ""}, {"b", std::string(kFileBytesMax, '#')}};
  for (std::size_t i = 0; i < kTotalBytesMax / kFileBytesMax + 1; ++i) environment_.files["a"] += "include b\n";
  loaded("a");
  EXPECT_EQ(only_error(), kFileTooLarge);
}

TEST_F(LoaderTest, counts_statements_over_all_files) {
  std::string many;
  for (std::size_t i = 0; i < kStatementsMax / 2; ++i) many += "b\n";
  environment_.files = {{"a", "include b\ninclude b\n"}, {"b", many}};
  loaded("a");
  EXPECT_EQ(only_error(), kTooManyStatements);
}

TEST_F(LoaderTest, counts_nesting_over_all_files) {
  std::string deep;
  for (std::size_t i = 0; i < kNestingMax; ++i) deep += "x {\n";
  for (std::size_t i = 0; i < kNestingMax; ++i) deep += "}\n";
  environment_.files = {{"a", "include b\n"}, {"b", deep}};
  loaded("a");
  EXPECT_TRUE(diagnostics_.empty());
  environment_.files["a"] = "y {\n  include b\n}\n";
  loaded("a");
  EXPECT_EQ(only_error(), kNestedTooDeep);
}

TEST_F(LoaderTest, an_include_takes_one_file) {
  environment_.files = {{"a", "include\n"}};
  loaded("a");
  EXPECT_EQ(only_error(), kWrongArgumentCount);
}

TEST_F(LoaderTest, expands_a_text_that_is_no_file) {
  environment_.files = {{"/etc/b.conf", "b\n"}};
  const Source& source = sources_.add("command line", "/etc", "include b.conf\n");
  EXPECT_EQ(names(load(source, environment_, sources_, diagnostics_)), "b");
}

class DiskTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    root_ = std::filesystem::path(testing::TempDir()) / (std::string("gate_conf_") + test->name());
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_);
  }
  void TearDown() override { std::filesystem::remove_all(root_); }
  void write(const std::string& name, const std::string& text) { std::ofstream(root_ / name) << text; }

  std::filesystem::path root_;
  SystemEnvironment environment_;
};

TEST_F(DiskTest, reads_files_up_to_the_bound) {
  write("a", "12345");
  EXPECT_EQ(environment_.read_file(root_ / "a", 5).value_or(""), "12345");
  const auto refused = environment_.read_file(root_ / "a", 4);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, kFileTooLarge);
}

TEST_F(DiskTest, says_why_a_file_cannot_be_read) {
  const auto absent = environment_.read_file(root_ / "absent", 10);
  ASSERT_FALSE(absent);
  EXPECT_NE(absent.error().what.find("No such file"), std::string::npos) << absent.error().what;
  const auto folder = environment_.read_file(root_, 10);
  ASSERT_FALSE(folder);
  EXPECT_NE(folder.error().what.find("not a regular file"), std::string::npos);
}

TEST_F(DiskTest, lists_files_in_order_and_leaves_folders_out) {
  write("b.conf", "");
  write("a.conf", "");
  write("c.txt", "");
  std::filesystem::create_directory(root_ / "d.conf");
  std::filesystem::create_symlink("nowhere", root_ / "e.conf");
  const auto files = environment_.matching_files(root_ / "*.conf");
  ASSERT_TRUE(files);
  EXPECT_EQ(*files, (std::vector<std::string>{root_ / "a.conf", root_ / "b.conf", root_ / "e.conf"}));
}

TEST_F(DiskTest, an_absent_folder_matches_nothing) {
  const auto files = environment_.matching_files(root_ / "absent" / "*.conf");
  ASSERT_TRUE(files);
  EXPECT_TRUE(files->empty());
}

TEST_F(DiskTest, sees_a_cycle_through_a_link) {
  write("a.conf", "include b.conf\n");
  std::filesystem::create_symlink("a.conf", root_ / "b.conf");
  SourceSet sources;
  Diagnostics diagnostics;
  load(root_ / "a.conf", environment_, sources, diagnostics);
  ASSERT_EQ(diagnostics.error_count(), 1U);
  EXPECT_EQ(diagnostics.shown()[0].code, kIncludeCycle);
}

}  // namespace
}  // namespace gate::conf

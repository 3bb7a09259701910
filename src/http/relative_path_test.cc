#include "http/relative_path.h"

#include <gtest/gtest.h>

#include <string>

namespace gate::http {
namespace {

std::string relative(std::string_view path, std::string_view strip = "") {
  RelativePath result;
  if (!result.assign(path, strip)) return "refused";
  EXPECT_EQ(result.text().data()[result.size() == 0 ? 1 : result.size()], '\0');
  return std::string(result.text()) + (result.names_folder() ? " folder" : "");
}

TEST(RelativePath, drops_what_the_kernel_does_not_need) {
  EXPECT_EQ(relative("/a/b.txt"), "a/b.txt");
  EXPECT_EQ(relative("/"), ". folder");
  EXPECT_EQ(relative("//a///b/"), "a/b folder");
  EXPECT_EQ(relative("/a b/ü"), "a b/ü");
}

TEST(RelativePath, never_names_what_begins_with_a_dot) {
  for (const auto* path : {"/.git/config", "/a/.env", "/..", "/../a", "/a/../b", "/.", "//.git", "/a/.well-known/x",
                           "/.well-known/.secret", "/.well-knownx"}) {
    EXPECT_EQ(relative(path), "refused") << path;
  }
  EXPECT_EQ(relative("/.well-known/security.txt"), ".well-known/security.txt");
  EXPECT_EQ(relative("/a."), "a.");
}

TEST(RelativePath, strips_whole_segments_only) {
  EXPECT_EQ(relative("/static/a.css", "/static"), "a.css");
  EXPECT_EQ(relative("/static/", "/static"), ". folder");
  EXPECT_EQ(relative("/static", "/static"), ".");
  EXPECT_EQ(relative("/statically", "/static"), "refused");
  EXPECT_EQ(relative("/other", "/static"), "refused");
}

TEST(RelativePath, refuses_what_no_file_is_called) {
  EXPECT_EQ(relative("*"), "refused");
  EXPECT_EQ(relative(std::string_view("/a\0b", 4)), "refused");
  EXPECT_EQ(relative("/" + std::string(RelativePath::kBytesMax, 'a')), "refused");
  EXPECT_EQ(relative("/" + std::string(RelativePath::kBytesMax - 1, 'a')).size(), RelativePath::kBytesMax - 1);
}

TEST(RelativePath, appends_and_cuts) {
  RelativePath path;
  ASSERT_TRUE(path.assign("/a/", ""));
  EXPECT_TRUE(path.append("index.html"));
  EXPECT_EQ(path.text(), "a/index.html");
  path.cut(1);
  EXPECT_EQ(path.text(), "a");
  EXPECT_FALSE(path.append(std::string(RelativePath::kBytesMax - 2, 'x')));
  EXPECT_EQ(path.text(), "a");
}

}  // namespace
}  // namespace gate::http

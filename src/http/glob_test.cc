#include "http/glob.h"

#include <gtest/gtest.h>

#include <string>

#include "http/match_codes.h"

namespace gate::http {
namespace {

bool path_matches(std::string_view pattern, std::string_view path) {
  const auto glob = Glob::compile(pattern, Glob::Of::kPath);
  EXPECT_TRUE(glob.has_value()) << pattern;
  return glob && glob->matches(path);
}

bool text_matches(std::string_view pattern, std::string_view text) {
  const auto glob = Glob::compile(pattern, Glob::Of::kText);
  EXPECT_TRUE(glob.has_value()) << pattern;
  return glob && glob->matches(text);
}

std::string why_refused(std::string_view pattern) {
  const auto glob = Glob::compile(pattern, Glob::Of::kPath);
  if (glob) return "";
  EXPECT_EQ(glob.error().code, kBadPattern);
  return glob.error().what;
}

TEST(Glob, matches_an_exact_path_and_nothing_longer_or_shorter) {
  EXPECT_TRUE(path_matches("/a", "/a"));
  EXPECT_FALSE(path_matches("/a", "/a/"));
  EXPECT_FALSE(path_matches("/a", "/ab"));
  EXPECT_FALSE(path_matches("/a", "/"));
  EXPECT_FALSE(path_matches("/a", "/A"));
  EXPECT_TRUE(path_matches("/", "/"));
  EXPECT_FALSE(path_matches("/", "/a"));
}

TEST(Glob, matches_a_folder_with_all_below_it_and_the_folder_itself) {
  EXPECT_TRUE(path_matches("/api/*", "/api"));
  EXPECT_TRUE(path_matches("/api/*", "/api/"));
  EXPECT_TRUE(path_matches("/api/*", "/api/a/b"));
  EXPECT_FALSE(path_matches("/api/*", "/apis"));
  EXPECT_FALSE(path_matches("/api/*", "/v1/api/"));
  EXPECT_TRUE(path_matches("/api/**", "/api/a/b"));
  EXPECT_TRUE(path_matches("/api/**", "/api"));
}

TEST(Glob, matches_below_folders_with_stars) {
  EXPECT_TRUE(path_matches("/u/*/files/*", "/u/ann/files"));
  EXPECT_TRUE(path_matches("/u/*/files/*", "/u/ann/files/a/b"));
  EXPECT_TRUE(path_matches("/u/**/files/*", "/u/a/files/b/files"));
  EXPECT_FALSE(path_matches("/u/*/files/*", "/u/ann/filesystem"));
  EXPECT_FALSE(path_matches("/u/*/files/*", "/u/ann/b/files/x"));
}

TEST(Glob, matches_every_path_with_a_star_alone) {
  for (const std::string_view pattern : {"*", "/*", "**", "/**"}) {
    const auto glob = Glob::compile(pattern, Glob::Of::kPath);
    ASSERT_TRUE(glob.has_value());
    EXPECT_TRUE(glob->matches_everything()) << pattern;
    EXPECT_TRUE(glob->matches("/a/b"));
    EXPECT_TRUE(glob->matches("*"));
  }
  EXPECT_FALSE(Glob::compile("/a*", Glob::Of::kPath)->matches_everything());
}

TEST(Glob, crosses_folders_with_a_star_at_either_end) {
  EXPECT_TRUE(path_matches("*.php", "/a/b.php"));
  EXPECT_FALSE(path_matches("*.php", "/a/b.php5"));
  EXPECT_FALSE(path_matches("*.php", "/a/b.php/c"));
  EXPECT_TRUE(path_matches("/api*", "/apis/a"));
  EXPECT_TRUE(path_matches("*/wp-*", "/x/wp-admin/a"));
}

TEST(Glob, stays_in_its_folder_with_a_star_in_the_middle) {
  EXPECT_TRUE(path_matches("/u/*/home", "/u/ann/home"));
  EXPECT_TRUE(path_matches("/u/*.png", "/u/.png"));
  EXPECT_FALSE(path_matches("/u/*/home", "/u/ann/b/home"));
  EXPECT_FALSE(path_matches("/u/*/home", "/u/home"));
  EXPECT_TRUE(path_matches("/a*b*c", "/aXbYbZc"));
  EXPECT_FALSE(path_matches("/a*b*c", "/aXbY/c"));
}

TEST(Glob, crosses_any_number_of_folders_with_two_stars) {
  EXPECT_TRUE(path_matches("/img/**/x.png", "/img/x.png"));
  EXPECT_TRUE(path_matches("/img/**/x.png", "/img/a/x.png"));
  EXPECT_TRUE(path_matches("/img/**/x.png", "/img/a/b/x.png"));
  EXPECT_FALSE(path_matches("/img/**/x.png", "/img/ax.png"));
  EXPECT_FALSE(path_matches("/img/**/x.png", "/imgx.png"));
  EXPECT_TRUE(path_matches("/a/**/**/b", "/a/b"));
  EXPECT_TRUE(path_matches("/a/**/*.js", "/a/b.js"));
  EXPECT_TRUE(path_matches("/a/**/*.js", "/a/x/y/b.js"));
  EXPECT_TRUE(path_matches("/a**b", "/a/x/b"));
  EXPECT_TRUE(path_matches("/a/**b", "/a/x/b"));
}

TEST(Glob, does_not_count_one_character_for_both_ends) {
  EXPECT_FALSE(path_matches("/aba*aba", "/aba"));
  EXPECT_TRUE(path_matches("/aba*aba", "/abaaba"));
  EXPECT_FALSE(path_matches("/ab**ba", "/aba"));
}

TEST(Glob, treats_slashes_of_text_as_any_character) {
  EXPECT_TRUE(text_matches("text/*", "text/html; a/b"));
  EXPECT_TRUE(text_matches("a*c", "a/b/c"));
  EXPECT_TRUE(text_matches("*curl*", "libcurl/8"));
  EXPECT_TRUE(text_matches("", ""));
  EXPECT_FALSE(text_matches("", "a"));
  EXPECT_TRUE(text_matches("x/*", "x/"));
  EXPECT_FALSE(text_matches("x/*", "x"));
}

TEST(Glob, refuses_patterns_that_no_path_can_match) {
  EXPECT_NE(why_refused(""), "");
  EXPECT_NE(why_refused("api/*"), "");
  EXPECT_NE(why_refused("/a?b=c"), "");
  EXPECT_NE(why_refused("/a#b"), "");
  EXPECT_NE(why_refused("/a/../b"), "");
  EXPECT_NE(why_refused("/a/."), "");
  EXPECT_NE(why_refused("/a%20b"), "");
  EXPECT_EQ(why_refused("/a%2Fb"), "");
  EXPECT_EQ(why_refused("/a/.well-known/*"), "");
  EXPECT_EQ(why_refused("/a..b"), "");
}

TEST(Glob, bounds_what_stands_between_stars) {
  const std::string fits = "/*" + std::string(Glob::kMiddleMax - 2, 'a') + "*/x";
  EXPECT_EQ(why_refused(fits), "");
  EXPECT_NE(why_refused("/*a" + std::string(Glob::kMiddleMax - 2, 'a') + "*/x"), "");
  EXPECT_EQ(why_refused("/" + std::string(1000, 'a') + "/*/" + std::string(1000, 'b')), "");
  EXPECT_TRUE(path_matches(fits, "/" + std::string(Glob::kMiddleMax - 2, 'a') + "/x"));
}

// Backtracking matchers need hours for this one.
TEST(Glob, takes_no_longer_for_a_path_made_to_hurt) {
  const auto glob = Glob::compile("/a*a*a*a*a*a*a*a*a*a**a*a*a*a*a*a*b/c", Glob::Of::kPath);
  ASSERT_TRUE(glob.has_value());
  const std::string path = "/" + std::string(100'000, 'a') + "/c";
  EXPECT_FALSE(glob->matches(path));
}

}  // namespace
}  // namespace gate::http

#include "http/path_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "http/testing/fake_exchange.h"

namespace gate::http {
namespace {

PathIs one_of(const std::vector<std::string>& patterns) {
  PathIs test;
  for (const auto& each : patterns) test.patterns.push_back(Glob::compile(each, Glob::Of::kPath).value());
  return test;
}

class PathIndexTest : public ::testing::Test {
 protected:
  Matcher& add(const std::vector<std::string>& patterns) {
    Matcher& matcher = matchers_.emplace_back();
    if (!patterns.empty()) matcher.require(one_of(patterns));
    return matcher;
  }

  // Of the statements added, with others that are for a path of their own, so that there are many.
  std::vector<std::size_t> candidates(std::string_view path) const {
    Matcher other;
    other.require(one_of({"/other"}));
    std::vector<const Matcher*> matchers;
    for (const Matcher& each : matchers_) matchers.push_back(&each);
    matchers.resize(matchers.size() + 10, &other);
    const PathIndex index(matchers);
    const auto candidates = index.candidates(path);
    std::vector<std::size_t> places;
    for (std::size_t at = 0; (at = candidates.next(at)) < matchers.size(); ++at) places.push_back(at);
    return places;
  }

  std::deque<Matcher> matchers_;
};

using Places = std::vector<std::size_t>;

TEST_F(PathIndexTest, nothing_is_found_among_nothing) { EXPECT_EQ(candidates("/a"), Places{}); }

TEST_F(PathIndexTest, a_statement_without_a_path_is_for_every_path) {
  add({"/a"});
  add({});
  add({"*.php"});
  add({"/b", "*"});
  EXPECT_EQ(candidates("/x"), (Places{1, 2, 3}));
  EXPECT_EQ(candidates("/a"), (Places{0, 1, 2, 3}));
}

TEST_F(PathIndexTest, one_path_is_found_by_itself_alone) {
  add({"/a"});
  add({"/"});
  add({"/a/b"});
  add({"/a"});
  EXPECT_EQ(candidates("/a"), (Places{0, 3}));
  EXPECT_EQ(candidates("/a/b"), (Places{2}));
  EXPECT_EQ(candidates("/a/"), (Places{}));
  EXPECT_EQ(candidates("/"), (Places{1}));
}

TEST_F(PathIndexTest, folders_are_found_by_what_lies_below_however_deep_and_in_the_order_of_statements) {
  add({"/a/b/*"});
  add({"/c/*"});
  add({"/*.png"});
  add({"/a/*"});
  add({"/a/b/c"});
  EXPECT_EQ(candidates("/a/b/c"), (Places{0, 2, 3, 4}));
  EXPECT_EQ(candidates("/a/b"), (Places{0, 2, 3}));
  EXPECT_EQ(candidates("/c"), (Places{1, 2}));
}

TEST_F(PathIndexTest, a_condition_that_must_not_hold_narrows_nothing) {
  add({}).require_not(one_of({"/a"}));
  EXPECT_EQ(candidates("/b"), Places{0});
}

// Paths and patterns of a small alphabet, so that they often have beginnings in common.
class Randomly {
 public:
  std::size_t below(std::size_t bound) { return random_() % bound; }

  std::string path() {
    std::string text = "/";
    for (auto count = below(7); count > 0; --count) text += "ab/"[below(3)];
    return text;
  }

  std::string pattern() {
    switch (below(6)) {
      case 0: return path() + "*";
      case 1: return path() + "/*";
      case 2: return path() + "*" + path();
      case 3: return "*" + path();
      default: return path();
    }
  }

 private:
  std::mt19937 random_{443};
};

TEST_F(PathIndexTest, whatever_the_patterns_no_statement_that_matches_is_passed_by) {
  Randomly random;
  for (int round = 0; round < 200; ++round) {
    matchers_.clear();
    for (auto count = random.below(40); count > 0; --count) {
      std::vector<std::string> patterns;
      for (auto each = 1 + random.below(10) / 8; each > 0; --each) patterns.push_back(random.pattern());
      add(patterns);
    }
    for (int i = 0; i < 20; ++i) {
      const std::string path = random.path();
      testing::FakeExchange fake;
      fake.exchange().request.path = path;
      const Places found = candidates(path);
      for (std::size_t place = 0; place < matchers_.size(); ++place) {
        if (!matchers_[place].matches(fake.exchange())) continue;
        EXPECT_TRUE(std::ranges::binary_search(found, place)) << path << ", statement " << place;
      }
    }
  }
}

}  // namespace
}  // namespace gate::http

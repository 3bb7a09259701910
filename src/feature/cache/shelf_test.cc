#include "feature/cache/shelf.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "base/arena.h"

namespace gate::cache {
namespace {

using std::chrono::seconds;

StoredResponse response(std::string key, std::string body, seconds at = seconds{1}, std::vector<VaryField> vary = {},
                        std::vector<std::string> tags = {}) {
  StoredHead head{.key = std::move(key), .status = 200, .vary = std::move(vary), .tags = std::move(tags)};
  head.freshness.received_at = base::Instant{} + at;
  return {std::make_shared<const StoredHead>(std::move(head)), std::make_shared<const std::string>(std::move(body))};
}

class ShelfTest : public ::testing::Test {
 protected:
  std::string found(Shelf& shelf, std::string_view key) {
    const auto found = shelf.find(key, fields_);
    return found ? *found->body : "(none)";
  }

  base::BlockPool blocks_;
  base::Arena arena_{blocks_};
  http::FieldList fields_{arena_};
};

TEST_F(ShelfTest, finds_what_was_put_there_and_the_newer_in_its_place) {
  Shelf shelf(100'000);
  shelf.add(response("a", "1"));
  shelf.add(response("b", "2"));
  EXPECT_EQ(found(shelf, "a"), "1");
  shelf.add(response("a", "3", seconds{2}));
  EXPECT_EQ(found(shelf, "a"), "3");
  EXPECT_EQ(shelf.size(), 2u);
}

TEST_F(ShelfTest, does_not_put_an_older_response_in_the_place_of_a_newer_one) {
  Shelf shelf(100'000);
  shelf.add(response("a", "new", seconds{2}));
  shelf.add(response("a", "old", seconds{1}));
  EXPECT_EQ(found(shelf, "a"), "new");
}

TEST_F(ShelfTest, tells_variants_apart_by_what_the_request_says) {
  Shelf shelf(100'000);
  shelf.add(response("a", "plain", seconds{1}, {{"accept-language", ""}}));
  shelf.add(response("a", "deutsch", seconds{1}, {{"accept-language", "de"}}));
  EXPECT_EQ(found(shelf, "a"), "plain");
  fields_.add("accept-language", "de");
  EXPECT_EQ(found(shelf, "a"), "deutsch");
  fields_.set("accept-language", "fr");
  EXPECT_EQ(found(shelf, "a"), "(none)");
}

TEST_F(ShelfTest, bounds_the_variants_of_an_address) {
  Shelf shelf(1'000'000);
  for (int i = 0; i < 100; ++i) {
    shelf.add(response("a", "x", seconds{i}, {{"accept-language", std::to_string(i)}}));
  }
  EXPECT_EQ(shelf.size(), Shelf::kVariantsMax);
  fields_.add("accept-language", "99");
  EXPECT_EQ(found(shelf, "a"), "x");
}

TEST_F(ShelfTest, never_holds_more_than_its_bytes) {
  Shelf shelf(20'000);
  for (int i = 0; i < 200; ++i) {
    shelf.add(response(std::to_string(i), std::string(1000, 'x')));
    ASSERT_LE(shelf.bytes(), 20'000u);
  }
  EXPECT_GE(shelf.size(), 10u);
  shelf.add(response("large", std::string(20'000, 'x')));
  EXPECT_EQ(found(shelf, "large"), "(none)");
}

TEST_F(ShelfTest, spares_what_is_asked_for_again) {
  Shelf shelf(20'000);
  shelf.add(response("loved", std::string(1000, 'x')));
  for (int i = 0; i < 200; ++i) {
    shelf.add(response(std::to_string(i), std::string(1000, 'x')));
    ASSERT_NE(found(shelf, "loved"), "(none)") << i;
  }
}

TEST_F(ShelfTest, says_what_had_to_make_room) {
  Shelf shelf(2'500);
  shelf.add(response("a", std::string(1000, 'x')));
  const auto gone = shelf.add(response("b", std::string(1000, 'x')));
  ASSERT_EQ(gone.size(), 1u);
  EXPECT_EQ(gone[0]->key, "a");
}

TEST_F(ShelfTest, removes_by_key_by_tag_and_all) {
  Shelf shelf(100'000);
  shelf.add(response("a", "1", seconds{1}, {}, {"news", "front"}));
  shelf.add(response("b", "2", seconds{1}, {}, {"news"}));
  shelf.add(response("c", "3"));
  shelf.add(response("d", "4"));
  EXPECT_EQ(shelf.remove(Purge{Purge::By::kTag, "front"}).size(), 1u);
  EXPECT_EQ(found(shelf, "a"), "(none)");
  EXPECT_EQ(found(shelf, "b"), "2");
  EXPECT_EQ(shelf.remove(Purge{Purge::By::kKey, "c"}).size(), 1u);
  EXPECT_EQ(shelf.remove(Purge{Purge::By::kKey, "c"}).size(), 0u);
  EXPECT_EQ(shelf.remove(Purge{}).size(), 2u);
  EXPECT_EQ(shelf.size(), 0u);
  EXPECT_EQ(shelf.bytes(), 0u);
  shelf.add(response("e", "5"));
  EXPECT_EQ(found(shelf, "e"), "5");
}

TEST_F(ShelfTest, removes_the_very_response_that_is_meant_and_not_its_successor) {
  Shelf shelf(100'000);
  const auto old = response("a", "old");
  shelf.add(old);
  shelf.add(response("a", "new", seconds{2}));
  shelf.remove(old.head);
  EXPECT_EQ(found(shelf, "a"), "new");
}

TEST(PassMarks, are_forgotten_after_a_while_and_bounded) {
  PassMarks marks;
  marks.add("a", base::Instant{});
  EXPECT_TRUE(marks.has("a", base::Instant{} + seconds{9}));
  EXPECT_FALSE(marks.has("a", base::Instant{} + seconds{10}));
  for (std::size_t i = 0; i < PassMarks::kMarksMax + 10; ++i)
    marks.add(std::to_string(i), base::Instant{} + seconds{20});
  EXPECT_FALSE(marks.has(std::to_string(PassMarks::kMarksMax + 5), base::Instant{} + seconds{20}));
  marks.add("b", base::Instant{} + seconds{40});
  EXPECT_TRUE(marks.has("b", base::Instant{} + seconds{40}));
}

}  // namespace
}  // namespace gate::cache

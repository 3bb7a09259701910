#include "feature/cache/stored_file.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "http/testing/fake_exchange.h"

namespace gate::cache {
namespace {

using http::testing::FakeClock;
using std::chrono::seconds;

StoredResponse sample(const base::Clock& clock) {
  StoredHead head{.key = "https://example.com/a",
                  .status = 200,
                  .fields = {{"content-type", "text/css"}, {"link", "</a>"}, {"link", "</b>"}, {"x-empty", ""}},
                  .vary = {{"accept-language", "de"}},
                  .tags = {"news", "front"}};
  head.freshness = {.received_at = clock.now() - seconds{30},
                    .initial_age = Seconds{5},
                    .lifetime = Seconds{60},
                    .stale_while_revalidate = Seconds{7},
                    .stale_if_error = Seconds{8}};
  head.for_everyone = true;
  return {std::make_shared<const StoredHead>(std::move(head)), std::make_shared<const std::string>("body\0x", 6)};
}

// The clock of a process that has started later: what it counts from is another moment.
FakeClock later(const FakeClock& clock, seconds by) {
  FakeClock other;
  other.instant = base::Instant{} + seconds{1'000'000};
  other.wall_time = clock.wall_time + by;
  return other;
}

TEST(StoredFile, brings_back_what_was_kept_with_its_age) {
  FakeClock clock;
  const auto kept = sample(clock);
  const auto file = encode_stored(kept, clock);
  ASSERT_TRUE(file);
  const FakeClock now = later(clock, seconds{10});
  const auto back = decode_stored(*file, now);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->head->key, kept.head->key);
  EXPECT_EQ(back->head->status, 200);
  EXPECT_EQ(back->head->fields, kept.head->fields);
  EXPECT_EQ(back->head->vary, kept.head->vary);
  EXPECT_EQ(back->head->tags, kept.head->tags);
  EXPECT_TRUE(back->head->for_everyone);
  EXPECT_EQ(*back->body, *kept.body);
  EXPECT_EQ(back->head->freshness.age(now.now()), Seconds{45});
  EXPECT_EQ(back->head->freshness.lifetime, Seconds{60});
  EXPECT_EQ(back->head->freshness.stale_if_error, Seconds{8});
}

TEST(StoredFile, makes_nothing_younger_when_the_calendar_is_set_back) {
  FakeClock clock;
  const auto file = encode_stored(sample(clock), clock);
  const FakeClock now = later(clock, seconds{-1000});
  EXPECT_EQ(decode_stored(*file, now)->head->freshness.age(now.now()), Seconds{5});
}

TEST(StoredFile, reads_the_head_from_the_start_of_the_file_alone) {
  const FakeClock clock;
  const auto file = encode_stored(sample(clock), clock);
  const auto head = decode_stored_head(std::string_view(*file).substr(0, file->size() - 6), clock);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->tags.size(), 2u);
}

TEST(StoredFile, is_refused_wherever_a_bit_has_changed_or_the_end_is_missing) {
  const FakeClock clock;
  const auto file = *encode_stored(sample(clock), clock);
  for (std::size_t at = 0; at < file.size(); ++at) {
    std::string damaged = file;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    EXPECT_FALSE(decode_stored(damaged, clock)) << at;
    EXPECT_FALSE(decode_stored(std::string_view(file).substr(0, at), clock)) << at;
  }
}

TEST(StoredFile, is_not_made_of_a_head_that_is_too_large) {
  const FakeClock clock;
  StoredHead head = *sample(clock).head;
  head.fields.emplace_back("x", std::string(kStoredHeadBytesMax, 'x'));
  EXPECT_FALSE(encode_stored({std::make_shared<const StoredHead>(std::move(head)), sample(clock).body}, clock));
}

}  // namespace
}  // namespace gate::cache

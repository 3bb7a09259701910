#include "feature/cache/cache_control.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string_view>

#include "base/arena.h"

namespace gate::cache {
namespace {

CacheControl read(std::initializer_list<std::string_view> lines) {
  base::BlockPool blocks;
  base::Arena arena(blocks);
  http::FieldList fields(arena);
  for (const auto line : lines) fields.add(http::FieldId::kCacheControl, line);
  return read_cache_control(fields);
}

TEST(CacheControl, reads_directives_of_all_lines_without_regard_to_case) {
  const auto control = read({"Max-Age=60, PUBLIC", "s-maxage=5 ,stale-if-error=\"7\""});
  EXPECT_EQ(control.max_age, Seconds{60});
  EXPECT_EQ(control.s_maxage, Seconds{5});
  EXPECT_EQ(control.stale_if_error, Seconds{7});
  EXPECT_TRUE(control.is_public);
  EXPECT_FALSE(control.is_private);
  EXPECT_FALSE(control.stale_while_revalidate);
}

TEST(CacheControl, takes_a_directive_limited_to_fields_for_the_whole) {
  EXPECT_TRUE(read({"private=\"set-cookie\""}).is_private);
  EXPECT_TRUE(read({"no-cache=\"a, b\""}).no_cache);
}

TEST(CacheControl, finds_no_directives_within_quotes) {
  const auto control = read({"x=\"a, no-store, \\\", max-age=9\", max-age=3"});
  EXPECT_FALSE(control.no_store);
  EXPECT_EQ(control.max_age, Seconds{3});
}

TEST(CacheControl, takes_times_that_are_none_or_contradict_each_other_for_0) {
  EXPECT_EQ(read({"max-age=1h"}).max_age, Seconds{0});
  EXPECT_EQ(read({"max-age=-1"}).max_age, Seconds{0});
  EXPECT_EQ(read({"max-age"}).max_age, Seconds{0});
  EXPECT_EQ(read({"max-age=60, max-age=61"}).max_age, Seconds{0});
  EXPECT_EQ(read({"max-age=60, max-age=60"}).max_age, Seconds{60});
}

TEST(CacheControl, draws_times_without_bounds_to_the_longest) {
  EXPECT_EQ(read({"max-age=99999999999"}).max_age, CacheControl::kLongest);
  EXPECT_EQ(read({"max-age=99999999999999999999999999"}).max_age, CacheControl::kLongest);
}

TEST(CacheControl, survives_what_ends_in_the_middle) {
  for (const auto text : {"", ",", ",,", "=", "\"", "x=\"", "x=\"\\", "max-age=\"", "a=\"b\\\"", "\\"}) {
    EXPECT_FALSE(read({text}).no_store) << text;
  }
}

}  // namespace
}  // namespace gate::cache

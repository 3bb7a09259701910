#include "http/conditional.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <utility>

#include "base/arena.h"

namespace gate::http {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;
using std::chrono::sys_seconds;

constexpr sys_seconds kModified = sys_days(std::chrono::year{1994} / 11 / 6) + 8h + 49min + 37s;
constexpr sys_seconds kNow = sys_days(std::chrono::year{2026} / 7 / 1);
constexpr auto* kSameDate = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr auto* kEarlier = "Sun, 06 Nov 1994 08:49:36 GMT";
constexpr auto* kLater = "Sun, 06 Nov 1994 08:49:38 GMT";
const Validators kValidators{.etag = "\"v1\"", .last_modified = kModified};

using Lines = std::initializer_list<std::pair<FieldId, std::string_view>>;

class Conditional : public ::testing::Test {
 protected:
  Request request_with(Lines lines, Method method = Method::kGet) {
    Request request(arena_);
    request.method = method;
    for (const auto& [id, value] : lines) request.fields.add(id, value);
    return request;
  }
  Precondition check(Lines lines, Method method = Method::kGet) {
    return check_preconditions(request_with(lines, method), kValidators, kNow);
  }
  bool range_holds(Lines lines, const Validators& validators = kValidators, sys_seconds now = kNow) {
    return if_range_holds(request_with(lines), validators, now);
  }

 private:
  base::BlockPool pool_;
  base::Arena arena_{pool_};
};

TEST_F(Conditional, proceeds_without_conditions) { EXPECT_EQ(check({}), Precondition::kProceed); }

TEST_F(Conditional, if_none_match_compares_weakly) {
  EXPECT_EQ(check({{FieldId::kIfNoneMatch, "\"v1\""}}), Precondition::kNotModified);
  EXPECT_EQ(check({{FieldId::kIfNoneMatch, "W/\"v1\""}}), Precondition::kNotModified);
  EXPECT_EQ(check({{FieldId::kIfNoneMatch, "\"v0\" ,, W/\"v1\""}}), Precondition::kNotModified);
  EXPECT_EQ(check({{FieldId::kIfNoneMatch, "\"v0\""}, {FieldId::kIfNoneMatch, "\"v1\""}}), Precondition::kNotModified);
  EXPECT_EQ(check({{FieldId::kIfNoneMatch, "*"}}), Precondition::kNotModified);
  EXPECT_EQ(check({{FieldId::kIfNoneMatch, "\"v2\""}}), Precondition::kProceed);
  EXPECT_EQ(check({{FieldId::kIfNoneMatch, "v1"}}), Precondition::kProceed) << "not an entity tag";
}

TEST_F(Conditional, if_none_match_fails_methods_that_change) {
  EXPECT_EQ(check({{FieldId::kIfNoneMatch, "*"}}, Method::kPut), Precondition::kFailed);
  EXPECT_EQ(check({{FieldId::kIfNoneMatch, "\"v2\""}}, Method::kPut), Precondition::kProceed);
}

TEST_F(Conditional, if_match_compares_strongly) {
  EXPECT_EQ(check({{FieldId::kIfMatch, "\"v0\", \"v1\""}}), Precondition::kProceed);
  EXPECT_EQ(check({{FieldId::kIfMatch, "*"}}), Precondition::kProceed);
  EXPECT_EQ(check({{FieldId::kIfMatch, "W/\"v1\""}}), Precondition::kFailed);
  EXPECT_EQ(check({{FieldId::kIfMatch, "\"v2\""}}), Precondition::kFailed);
  EXPECT_EQ(check({{FieldId::kIfMatch, "rubbish"}}), Precondition::kFailed);
}

TEST_F(Conditional, if_match_comes_before_if_none_match) {
  EXPECT_EQ(check({{FieldId::kIfMatch, "\"v2\""}, {FieldId::kIfNoneMatch, "\"v1\""}}), Precondition::kFailed);
  EXPECT_EQ(check({{FieldId::kIfMatch, "\"v1\""}, {FieldId::kIfNoneMatch, "\"v1\""}}), Precondition::kNotModified);
}

TEST_F(Conditional, if_modified_since_compares_seconds) {
  EXPECT_EQ(check({{FieldId::kIfModifiedSince, kSameDate}}), Precondition::kNotModified);
  EXPECT_EQ(check({{FieldId::kIfModifiedSince, kLater}}), Precondition::kNotModified);
  EXPECT_EQ(check({{FieldId::kIfModifiedSince, kEarlier}}), Precondition::kProceed);
}

TEST_F(Conditional, if_modified_since_is_ignored_where_the_rfc_says_so) {
  EXPECT_EQ(check({{FieldId::kIfModifiedSince, kSameDate}, {FieldId::kIfNoneMatch, "\"v2\""}}), Precondition::kProceed);
  EXPECT_EQ(check({{FieldId::kIfModifiedSince, "yesterday"}}), Precondition::kProceed);
  EXPECT_EQ(check({{FieldId::kIfModifiedSince, kSameDate}, {FieldId::kIfModifiedSince, kSameDate}}),
            Precondition::kProceed);
  EXPECT_EQ(check({{FieldId::kIfModifiedSince, kSameDate}}, Method::kPost), Precondition::kProceed);
}

TEST_F(Conditional, if_unmodified_since_fails_for_older_dates_only) {
  EXPECT_EQ(check({{FieldId::kIfUnmodifiedSince, kEarlier}}), Precondition::kFailed);
  EXPECT_EQ(check({{FieldId::kIfUnmodifiedSince, kSameDate}}), Precondition::kProceed);
  EXPECT_EQ(check({{FieldId::kIfUnmodifiedSince, "never"}}), Precondition::kProceed);
  EXPECT_EQ(check({{FieldId::kIfUnmodifiedSince, kEarlier}, {FieldId::kIfMatch, "\"v1\""}}), Precondition::kProceed);
}

TEST_F(Conditional, if_range_needs_the_very_same_state) {
  EXPECT_TRUE(range_holds({}));
  EXPECT_TRUE(range_holds({{FieldId::kIfRange, "\"v1\""}}));
  EXPECT_FALSE(range_holds({{FieldId::kIfRange, "\"v2\""}}));
  EXPECT_FALSE(range_holds({{FieldId::kIfRange, "W/\"v1\""}}));
  EXPECT_FALSE(range_holds({{FieldId::kIfRange, "W/\"v1\""}}, {.etag = "W/\"v1\"", .last_modified = {}}));
  EXPECT_FALSE(range_holds({{FieldId::kIfRange, "\"v1\", \"v2\""}}));
  EXPECT_FALSE(range_holds({{FieldId::kIfRange, "*"}}));
  EXPECT_TRUE(range_holds({{FieldId::kIfRange, kSameDate}}));
  EXPECT_FALSE(range_holds({{FieldId::kIfRange, kLater}})) << "dates are compared exactly";
}

TEST_F(Conditional, if_range_distrusts_a_date_whose_second_is_not_over) {
  EXPECT_FALSE(range_holds({{FieldId::kIfRange, kSameDate}}, kValidators, kModified));
  EXPECT_TRUE(range_holds({{FieldId::kIfRange, kSameDate}}, kValidators, kModified + 1s));
}

TEST(EtagListed, never_matches_an_absent_etag_but_by_a_star) {
  EXPECT_FALSE(etag_listed("\"\"", "", EtagComparison::kWeak));
  EXPECT_TRUE(etag_listed(" * ", "", EtagComparison::kStrong));
}

TEST(EtagListed, reads_commas_inside_of_tags) {
  EXPECT_TRUE(etag_listed("\"a,b\", \"c\"", "\"c\"", EtagComparison::kStrong));
  EXPECT_TRUE(etag_listed("\"a,b\"", "\"a,b\"", EtagComparison::kStrong));
  EXPECT_FALSE(etag_listed("\"never closed", "\"never closed\"", EtagComparison::kStrong));
  EXPECT_FALSE(etag_listed("W/", "\"x\"", EtagComparison::kWeak));
}

}  // namespace
}  // namespace gate::http

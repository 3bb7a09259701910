#include "alert/ledger.h"

#include <gtest/gtest.h>

#include "alert/codes.h"

namespace gate::alert {
namespace {

using std::chrono::hours;

constexpr base::WallTime kNow{std::chrono::seconds(1'800'000'000)};
const std::vector<Problem> kOne{{"a.test", "expires_soon", "it ends soon"}};

std::vector<Occasion> occasions(const std::vector<Notice>& notices) {
  std::vector<Occasion> found;
  for (const Notice& each : notices) found.push_back(each.occasion);
  return found;
}
using Occasions = std::vector<Occasion>;

TEST(Ledger, tells_a_problem_once_again_after_a_day_and_when_it_is_over) {
  Ledger ledger;
  EXPECT_EQ(occasions(ledger.update(kOne, kNow)), Occasions{Occasion::kNew});
  EXPECT_EQ(occasions(ledger.update(kOne, kNow + hours(23))), Occasions{});
  EXPECT_EQ(occasions(ledger.update(kOne, kNow + hours(24))), Occasions{Occasion::kStill});
  EXPECT_EQ(occasions(ledger.update(kOne, kNow + hours(47))), Occasions{});
  EXPECT_EQ(occasions(ledger.update({}, kNow + hours(48))), Occasions{Occasion::kOver});
  EXPECT_EQ(occasions(ledger.update({}, kNow + hours(49))), Occasions{});
}

TEST(Ledger, tells_each_concern_of_each_subject) {
  Ledger ledger;
  ledger.update(kOne, kNow);
  const std::vector<Problem> three{kOne[0], {"a.test", "untrusted", ""}, {"b.test", "expires_soon", ""}};
  EXPECT_EQ(occasions(ledger.update(three, kNow)), (Occasions{Occasion::kNew, Occasion::kNew}));
}

TEST(Ledger, tells_a_problem_once_however_often_it_is_given) {
  Ledger ledger;
  const std::vector<Problem> twice{kOne[0], kOne[0]};  // an ECDSA certificate and an RSA one
  EXPECT_EQ(ledger.update(twice, kNow).size(), 1U);
}

TEST(Ledger, does_not_fall_silent_when_the_clock_was_ahead) {
  Ledger ledger;
  ledger.update(kOne, kNow + hours(24 * 365));
  EXPECT_EQ(occasions(ledger.update(kOne, kNow)), Occasions{Occasion::kStill});
}

TEST(Ledger, survives_a_restart) {
  Ledger before;
  before.update(kOne, kNow);
  auto after = Ledger::from_json(before.to_json(), "alerts.json");
  ASSERT_TRUE(after.has_value());
  EXPECT_EQ(occasions(after->update(kOne, kNow + hours(1))), Occasions{});
  EXPECT_EQ(occasions(after->update({}, kNow + hours(2))), Occasions{Occasion::kOver});
}

TEST(Ledger, refuses_files_that_it_has_not_written) {
  for (const char* text :
       {"", "{}", "[1]", "[{}]", R"([{"subject":"a","concern":"b"}])",
        R"([{"subject":"a","concern":"b","told":"now"}])", R"([{"subject":1,"concern":"b","told":2}])"}) {
    const auto ledger = Ledger::from_json(text, "alerts.json");
    ASSERT_FALSE(ledger.has_value()) << text;
    EXPECT_EQ(ledger.error().code, kBadLedger);
  }
}

}  // namespace
}  // namespace gate::alert

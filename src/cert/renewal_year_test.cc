// A year of renewals in milliseconds: a clock that only the test moves, an authority that fails one time in three and
// moves its windows about, a machine that restarts and whose clock is set wrong. No certificate may ever be served
// after its end.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "cert/random_for_test.h"
#include "cert/renewal.h"
#include "cert/renewal_json.h"

namespace gate::cert {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

struct World {
  days lifetime;
  bool has_windows = true;
  bool clock_jumps = false;
};

class Year {
 public:
  Year(const World& world, std::uint64_t seed) : world_(world), random_(seed) {
    facts_.has_window_service = world.has_windows;
    issue();
  }

  void live() {
    const base::WallTime end = true_time_ + days(365);
    while (true_time_ < end && !served_expired()) {
      const RenewalStep step = next_step("example.com", validity_, facts_, local_time());
      wait_until(step.when);
      if (served_expired()) return;
      // The clock may have been set in the meantime.
      const RenewalStep due = next_step("example.com", validity_, facts_, local_time());
      if (!due.is_due(local_time())) continue;
      due.is_renewal() ? renew() : ask();
      restart();
    }
  }

  bool served_expired() const { return true_time_ >= validity_.not_after; }
  int issued() const { return issued_; }
  int tries() const { return tries_; }

 private:
  base::WallTime local_time() const { return true_time_ + clock_error_; }
  bool one_in(std::uint64_t count) { return random_.below(count) == 0; }

  // The calendar is looked at every few seconds. A clock that is set interrupts the wait.
  void wait_until(base::WallTime local) {
    const base::Duration longest = world_.clock_jumps ? hours(6) : days(400);
    const base::Duration wait = std::clamp<base::Duration>(local - local_time(), seconds(0), longest);
    true_time_ += wait + seconds(random_.below(11));
    if (world_.clock_jumps && one_in(100)) clock_error_ = hours(static_cast<int>(random_.below(49)) - 24);
  }

  void issue() {
    // RFC 9773 has nothing to do with it: authorities date certificates back by an hour.
    validity_ = {true_time_ - hours(1), true_time_ - hours(1) + world_.lifetime};
    note_success(facts_, local_time());
    ++issued_;
  }

  void renew() {
    ++tries_;
    if (!one_in(3)) {
      true_time_ += seconds(30);
      issue();
      return;
    }
    constexpr std::array kFaults{RenewalFault::kNetwork, RenewalFault::kRateLimited, RenewalFault::kRefused};
    const RenewalFault fault = kFaults[random_.below(kFaults.size())];
    std::optional<base::Duration> retry_after;
    if (fault == RenewalFault::kRateLimited && one_in(2)) retry_after = hours(random_.below(48));
    true_time_ += minutes(random_.below(10));
    note_failure(facts_, validity_, fault, "it did not work", retry_after, local_time(), random_);
  }

  void ask() {
    if (one_in(3)) {
      note_no_window(facts_, local_time());
      return;
    }
    const base::WallTime middle = validity_.not_before + validity_.lifetime() * 2 / 3;
    const base::Duration moved = hours(static_cast<int>(random_.below(48)) - 24);
    RenewalWindow window{middle - hours(12) + moved, middle + hours(12) + moved};
    if (one_in(200)) window = {true_time_ - days(2), true_time_ - days(1)};             // about to be revoked
    if (one_in(200)) window = {validity_.not_after, validity_.not_after + days(1000)};  // nonsense
    note_window(facts_, window, hours(random_.below(30)), local_time(), random_);
  }

  void restart() {
    if (!one_in(50)) return;
    auto read = renewal_facts(to_json(facts_), "facts.json");
    ASSERT_TRUE(read.has_value());
    ASSERT_EQ(*read, facts_);
    facts_ = *std::move(read);
  }

  World world_;
  for_test::SeededRandom random_;
  base::WallTime true_time_{seconds(1'800'000'000)};
  base::Duration clock_error_{0};
  Validity validity_;
  RenewalFacts facts_;
  int issued_ = 0;
  int tries_ = 0;
};

class RenewalYear : public testing::TestWithParam<World> {};

TEST_P(RenewalYear, never_serves_an_expired_certificate) {
  constexpr std::uint64_t kYears = 100;
  const World world = GetParam();
  for (std::uint64_t seed = 1; seed <= kYears; ++seed) {
    Year year(world, seed);
    year.live();
    ASSERT_FALSE(year.served_expired()) << "seed " << seed << ": after " << year.issued() << " certificates";
    const auto needed = days(365) / world.lifetime;
    EXPECT_GE(year.issued(), needed) << "seed " << seed;
    EXPECT_LE(year.tries(), needed * 6 + 40) << "seed " << seed << ": that is no way to treat an authority";
  }
}

INSTANTIATE_TEST_SUITE_P(Certificates, RenewalYear,
                         testing::Values(World{days(47)}, World{days(6)}, World{days(47), false}, World{days(6), false},
                                         World{days(47), true, true}, World{days(6), true, true}, World{days(90)}),
                         [](const auto& each) {
                           const World& world = each.param;
                           return "days_" + std::to_string(world.lifetime.count()) +
                                  (world.has_windows ? "_windows" : "") + (world.clock_jumps ? "_jumps" : "");
                         });

}  // namespace
}  // namespace gate::cert

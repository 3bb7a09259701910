#include "app/bench/advice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gate::app {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

void put(BenchReport& report, BenchCase which, double microseconds) {
  report.measurements.push_back({.which = which, .microseconds = microseconds, .operations = 1});
}

BenchReport with_own_key(std::string key, double microseconds) {
  BenchReport report;
  report.own = OwnSite{.name = "shop.example", .host = {}, .answers = {}, .key = std::move(key)};
  put(report, BenchCase::kHandshake, 100);
  put(report, BenchCase::kOwnHandshake, microseconds);
  return report;
}

TEST(BenchAdvice, nothing_measured_is_nothing_said) { EXPECT_THAT(advice({}), IsEmpty()); }

TEST(BenchAdvice, a_dear_key_is_better_exchanged) {
  EXPECT_THAT(advice(with_own_key("RSA 4096", 900)), Contains(HasSubstr("9.0 times")));
  EXPECT_THAT(advice(with_own_key("RSA 4096", 120)), IsEmpty());
  EXPECT_THAT(advice(with_own_key("ECDSA P-256", 900)), IsEmpty());
}

TEST(BenchAdvice, a_busy_machine_is_said) {
  BenchReport report;
  report.others_share = 0.4;
  EXPECT_THAT(advice(report), Contains(HasSubstr("40 %")));
  report.others_share = 0.05;
  EXPECT_THAT(advice(report), IsEmpty());
}

TEST(BenchAdvice, only_a_log_that_costs_much_is_spoken_of) {
  BenchReport report;
  put(report, BenchCase::kHttp1, 10);
  put(report, BenchCase::kLogged, 10.5);
  EXPECT_THAT(advice(report), IsEmpty());
  report.measurements.back().microseconds = 14;
  EXPECT_THAT(advice(report), Contains(HasSubstr("access-log off")));
}

TEST(BenchAdvice, ml_kem_stays_on_whatever_it_costs) {
  BenchReport report;
  put(report, BenchCase::kHandshake, 100);
  put(report, BenchCase::kMlkemHandshake, 300);
  EXPECT_THAT(advice(report), Contains(HasSubstr("Leave ML-KEM on")));
}

}  // namespace
}  // namespace gate::app

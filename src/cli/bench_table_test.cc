#include "cli/bench_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>

namespace gate::cli {
namespace {

using app::BenchCase;
using testing::HasSubstr;
using testing::Not;

app::BenchReport report() {
  app::BenchReport report{.processors = "2 × Processor"};
  double cost = 100;
  for (std::size_t i = 0; i < app::kBenchCases; ++i) {
    report.measurements.push_back({.which = static_cast<BenchCase>(i), .microseconds = cost, .operations = 10});
    report.measurements.back().body_bytes = 1000;
    cost += 33;
  }
  return report;
}

std::size_t columns(const std::string& line) {
  std::size_t count = 0;
  for (const char each : line) count += (static_cast<unsigned char>(each) & 0xc0) != 0x80 ? 1 : 0;
  return count;
}

TEST(BenchTable, fits_on_a_screen) {
  auto given = report();
  given.own = app::OwnSite{.name = "a-very-long-name-for-a-shop.with.many.labels.example.com",
                           .host = {},
                           .answers = {},
                           .key = "RSA 4096",
                           .key_is_ours = true};
  given.others_share = 0.5;
  std::istringstream text(bench_table(given));
  std::size_t lines = 0;
  for (std::string line; std::getline(text, line); ++lines) {
    EXPECT_LE(columns(line), 80U) << line;
    EXPECT_FALSE(line.ends_with(' ')) << line;
  }
  EXPECT_LE(lines, 50U);
}

TEST(BenchTable, tells_what_one_core_does_a_second) {
  EXPECT_THAT(bench_table(report()), HasSubstr("full handshake, ECDSA P-256, X25519                    100"
                                               "            10 000\n"));
}

TEST(BenchTable, tells_why_something_was_not_measured) {
  auto given = report();
  given.own = app::OwnSite{.name = "shop.example", .host = {}, .answers = {}, .key = "ECDSA P-256"};
  given.measurements.back() = {.which = BenchCase::kOwnRequest, .problem = "another server answers it"};
  EXPECT_THAT(bench_table(given), HasSubstr("shop.example: not measured: another server answers it\n"));
}

TEST(BenchTable, says_when_it_was_stopped) {
  auto given = report();
  EXPECT_THAT(bench_table(given), Not(HasSubstr("stopped")));
  given.complete = false;
  EXPECT_THAT(bench_table(given), HasSubstr("stopped before the end"));
}

TEST(BenchTable, leaves_out_what_cannot_be_compared) {
  auto given = report();
  std::erase_if(given.measurements, [](const auto& each) { return each.which == BenchCase::kHttp1; });
  EXPECT_THAT(bench_table(given), Not(HasSubstr("the access log")));
}

}  // namespace
}  // namespace gate::cli

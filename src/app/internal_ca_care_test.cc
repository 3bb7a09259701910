#include "app/internal_ca_care.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/check.h"
#include "cert/internal_ca.h"
#include "os/file.h"
#include "os/temporary_folder_for_test.h"

namespace gate::app {
namespace {

using namespace std::chrono_literals;

class HandMovedClock final : public base::Clock {
 public:
  base::Instant now() const override { return base::Instant(elapsed); }
  base::WallTime wall() const override { return base::WallTime(std::chrono::seconds(1'800'000'000) + elapsed); }
  std::chrono::seconds elapsed{0};
};

class InternalCaCareTest : public testing::Test {
 protected:
  cert::InternalCa make() {
    auto ca = cert::InternalCa::create(state(), {.name = "CA"}, clock_.wall());
    GATE_CHECK(ca.has_value());
    return *std::move(ca);
  }
  std::string state() const { return temporary_.path("state"); }
  void look() {
    care_.look([this](const base::Error& error) { told_.push_back(error.what); });
  }

  os::TemporaryFolder temporary_;
  HandMovedClock clock_;
  InternalCaCare care_{state(), clock_};
  std::vector<std::string> told_;
};

TEST_F(InternalCaCareTest, never_lets_the_list_end) {
  const auto ca = make();
  for (int hour = 0; hour < 30 * 24; ++hour) {
    look();
    ASSERT_GT(ca.published_list()->next_update, clock_.wall() + 48h) << hour;
    clock_.elapsed += 1h;
  }
  EXPECT_TRUE(told_.empty());
}

TEST_F(InternalCaCareTest, has_nothing_to_do_without_an_authority) {
  look();
  EXPECT_TRUE(told_.empty());
}

TEST_F(InternalCaCareTest, tells_a_failure_once) {
  const auto ca = make();
  ASSERT_TRUE(
      os::write_file_atomically(cert::InternalCa::folder_in(state()) + "/authority.pem", "x", 0600).has_value());
  for (int i = 0; i < 3; ++i) {
    look();
    clock_.elapsed += 1h;
  }
  EXPECT_EQ(told_.size(), 1U);
}

}  // namespace
}  // namespace gate::app

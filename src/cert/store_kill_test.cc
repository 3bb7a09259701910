// A process that writes to the store is killed at every one of its writes, and the store is read afterwards.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "cert/authority_for_test.h"
#include "cert/store.h"
#include "os/killed_process_for_test.h"
#include "os/temporary_folder_for_test.h"

namespace gate::cert {
namespace {

const base::WallTime kNow{std::chrono::seconds(1'800'000'000)};

class StoreKillTest : public testing::Test {
 protected:
  StoreKillTest() {
    EXPECT_TRUE(store_.save("app.test", first_).has_value());
    EXPECT_TRUE(store_.save("app.test", former_).has_value());
    EXPECT_TRUE(store_.save_facts("app.test", before_).has_value());
  }

  os::TemporaryFolder temporary_;
  Store store_{temporary_.path("certs")};
  Credential root_ = for_test::root("root", kNow);
  Credential first_ = for_test::leaf(root_, {"app.test"}, kNow - std::chrono::days(60));
  Credential former_ = for_test::leaf(root_, {"app.test"}, kNow - std::chrono::days(30));
  Credential next_ = for_test::leaf(root_, {"app.test"}, kNow);
  RenewalFacts before_{.failures = 1};
  RenewalFacts after_{.directory = "https://ca.test/directory", .failures = 2};
};

TEST_F(StoreKillTest, has_the_old_or_the_new_credential_whenever_a_renewal_is_killed) {
  int nth = 1;
  for (; os::killed_at(nth, [&] { static_cast<void>(store_.save("app.test", next_)); }); ++nth) {
    const auto opened = store_.open("app.test");
    ASSERT_TRUE(opened.has_value()) << "write " << nth << ": " << opened.error().what;
    ASSERT_TRUE(opened->damages.empty()) << "write " << nth << ": " << opened->damages.front().why;
    ASSERT_TRUE(opened->credential.has_value()) << "write " << nth;
    const auto& fingerprint = opened->credential->leaf().fingerprint();
    const bool is_new = fingerprint == next_.leaf().fingerprint();
    ASSERT_TRUE(is_new || fingerprint == former_.leaf().fingerprint()) << "write " << nth;
    // The replaced one is in the history before it is gone from its place.
    if (is_new) {
      ASSERT_TRUE(std::ranges::any_of(
          store_.history("app.test"),
          [&](const Certificate& each) { return each.fingerprint() == former_.leaf().fingerprint(); }))
          << "write " << nth;
      ASSERT_TRUE(store_.save("app.test", former_).has_value());
    }
  }
  EXPECT_GT(nth, 10) << "it has done less than a renewal does";
}

TEST_F(StoreKillTest, has_the_old_or_the_new_facts_whenever_their_writer_is_killed) {
  int nth = 1;
  for (; os::killed_at(nth, [&] { static_cast<void>(store_.save_facts("app.test", after_)); }); ++nth) {
    const auto facts = store_.load_facts("app.test");
    ASSERT_TRUE(facts.has_value()) << "write " << nth;
    ASSERT_TRUE(*facts == before_ || *facts == after_) << "write " << nth;
  }
  EXPECT_GT(nth, 6);
}

TEST_F(StoreKillTest, recovers_whenever_its_recovery_is_killed) {
  const auto damage = [&] { return os::write_file_atomically(store_.path_of("app.test"), "gone", 0600).has_value(); };
  ASSERT_TRUE(damage());
  int nth = 1;
  for (; os::killed_at(nth, [&] { static_cast<void>(store_.open("app.test")); }); ++nth) {
    const auto opened = store_.open("app.test");
    ASSERT_TRUE(opened && opened->credential) << "write " << nth;
    ASSERT_EQ(opened->credential->leaf().fingerprint(), first_.leaf().fingerprint());
    ASSERT_TRUE(damage());
  }
  EXPECT_GT(nth, 5);
}

}  // namespace
}  // namespace gate::cert

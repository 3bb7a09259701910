// A process that writes as the internal authority is killed at every one of its writes, and the authority is
// opened afterwards.

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <set>
#include <string>

#include "base/check.h"
#include "cert/internal_ca.h"
#include "os/file.h"
#include "os/killed_process_for_test.h"
#include "os/temporary_folder_for_test.h"

namespace gate::cert {
namespace {

using namespace std::chrono_literals;

const base::WallTime kNow{std::chrono::seconds(1'800'000'000)};

class InternalCaKillTest : public testing::Test {
 protected:
  std::string state() const { return temporary_.path("state"); }
  std::string handed_out() const { return temporary_.path("handed-out"); }

  InternalCa opened(int nth) const {
    auto ca = InternalCa::open(state(), kNow);
    EXPECT_TRUE(ca.has_value()) << "write " << nth << ": " << (ca ? "" : ca.error().what);
    GATE_CHECK(ca.has_value());
    return *std::move(ca);
  }
  InternalCa made() const {
    auto ca = InternalCa::create(state(), {.name = "Example internal CA"}, kNow);
    GATE_CHECK(ca.has_value());
    return *std::move(ca);
  }
  std::optional<Certificate> issue(InternalCa& ca) const {
    auto leaf =
        ca.issue({.names = {"app.example.com"}, .public_key_info = key_, .lifetime = 24h, .origin = "command"}, kNow);
    return leaf ? std::optional(*std::move(leaf)) : std::nullopt;
  }
  static std::set<std::string> serials(const InternalCa& ca) {
    std::set<std::string> all;
    for (const auto& record : ca.issued()) all.insert(record.serial);
    return all;
  }

  os::TemporaryFolder temporary_;
  std::string key_ = PrivateKey::generate().public_key_info();
};

TEST_F(InternalCaKillTest, is_there_whole_or_can_be_made_whenever_its_making_is_killed) {
  int nth = 1;
  for (; os::killed_at(nth, [&] { static_cast<void>(InternalCa::create(state(), {.name = "CA"}, kNow)); }); ++nth) {
    if (InternalCa::exists(state())) {
      static_cast<void>(opened(nth));
    } else {
      ASSERT_TRUE(InternalCa::create(state(), {.name = "CA"}, kNow).has_value()) << "write " << nth;
    }
    std::filesystem::remove_all(state());
  }
  EXPECT_GT(nth, 30) << "it has done less than an authority's making does";
}

TEST_F(InternalCaKillTest, has_all_that_was_handed_out_in_its_list_whenever_an_issuance_is_killed) {
  std::set<std::string> known;
  {
    auto ca = made();
    ASSERT_TRUE(issue(ca).has_value());
    known = serials(ca);
  }
  const auto issue_and_hand_out = [&] {
    auto ca = InternalCa::open(state(), kNow);
    if (!ca) return;
    if (const auto leaf = issue(*ca)) static_cast<void>(os::write_file_atomically(handed_out(), leaf->serial(), 0600));
  };
  int nth = 1;
  for (; os::killed_at(nth, issue_and_hand_out); ++nth) {
    auto ca = opened(nth);
    const auto now = serials(ca);
    for (const auto& serial : known) ASSERT_TRUE(now.contains(serial)) << "write " << nth;
    if (const auto handed = os::read_file(handed_out(), 100)) {
      ASSERT_TRUE(now.contains(*handed)) << "write " << nth;
      std::filesystem::remove(handed_out());
    }
    known = now;
    const auto next = issue(ca);
    ASSERT_TRUE(next.has_value()) << "write " << nth;
    known.insert(next->serial());
  }
  EXPECT_GT(nth, 8);
}

TEST_F(InternalCaKillTest, publishes_every_revocation_it_knows_whenever_one_is_killed) {
  static_cast<void>(made());
  const auto one_more = [&] {
    auto ca = InternalCa::open(state(), kNow);
    GATE_CHECK(ca.has_value());
    const auto leaf = issue(*ca);
    GATE_CHECK(leaf.has_value());
    return leaf->serial();
  };
  std::string serial = one_more();
  const auto revoke = [&] {
    auto ca = InternalCa::open(state(), kNow);
    if (ca) static_cast<void>(ca->revoke(serial, RevocationReason::kSuperseded, kNow));
  };
  int nth = 1;
  for (; os::killed_at(nth, revoke); ++nth) {
    auto ca = opened(nth);
    ASSERT_TRUE(ca.refresh_list(kNow).has_value()) << "write " << nth;
    const auto published = ca.published_list();
    ASSERT_TRUE(published.has_value()) << "write " << nth;
    const auto* record = ca.find(serial);
    ASSERT_NE(record, nullptr) << "write " << nth;
    ASSERT_EQ(published->serials.contains(serial), record->revocation.has_value()) << "write " << nth;
    if (!record->revocation) {
      ASSERT_TRUE(ca.revoke(serial, RevocationReason::kSuperseded, kNow).has_value()) << "write " << nth;
    }
    serial = one_more();
  }
  EXPECT_GT(nth, 12);
}

}  // namespace
}  // namespace gate::cert

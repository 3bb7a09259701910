// A process that writes to the store is killed at every one of its system calls, and the store is read afterwards.

#include <gtest/gtest.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <string>

#include "cert/authority_for_test.h"
#include "cert/store.h"
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

  // Runs `write` in a process of its own, which gets a SIGKILL when it stops for the `stops`th time: a system call's
  // beginning or its end. Whether it was killed, rather than done.
  template <class Write>
  bool killed_at(int stops, Write write) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
      ::raise(SIGSTOP);
      write();
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    for (int i = 0; i < stops; ++i) {
      if (::ptrace(PTRACE_SYSCALL, child, nullptr, nullptr) != 0) return false;
      ::waitpid(child, &status, 0);
      if (WIFEXITED(status)) return false;
    }
    ::kill(child, SIGKILL);
    ::waitpid(child, &status, 0);
    return true;
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
  int stops = 1;
  for (; killed_at(stops, [&] { static_cast<void>(store_.save("app.test", next_)); }); ++stops) {
    const auto opened = store_.open("app.test");
    ASSERT_TRUE(opened.has_value()) << "stop " << stops << ": " << opened.error().what;
    ASSERT_TRUE(opened->damages.empty()) << "stop " << stops << ": " << opened->damages.front().why;
    ASSERT_TRUE(opened->credential.has_value()) << "stop " << stops;
    const auto& fingerprint = opened->credential->leaf().fingerprint();
    const bool is_new = fingerprint == next_.leaf().fingerprint();
    ASSERT_TRUE(is_new || fingerprint == former_.leaf().fingerprint()) << "stop " << stops;
    // The replaced one is in the history before it is gone from its place.
    if (is_new) {
      ASSERT_TRUE(std::ranges::any_of(
          store_.history("app.test"),
          [&](const Certificate& each) { return each.fingerprint() == former_.leaf().fingerprint(); }))
          << "stop " << stops;
      ASSERT_TRUE(store_.save("app.test", former_).has_value());
    }
  }
  EXPECT_GT(stops, 40) << "it has done less than a renewal does";
}

TEST_F(StoreKillTest, has_the_old_or_the_new_facts_whenever_their_writer_is_killed) {
  int stops = 1;
  for (; killed_at(stops, [&] { static_cast<void>(store_.save_facts("app.test", after_)); }); ++stops) {
    const auto facts = store_.load_facts("app.test");
    ASSERT_TRUE(facts.has_value()) << "stop " << stops;
    ASSERT_TRUE(*facts == before_ || *facts == after_) << "stop " << stops;
  }
  EXPECT_GT(stops, 20);
}

TEST_F(StoreKillTest, recovers_whenever_its_recovery_is_killed) {
  const auto damage = [&] { return os::write_file_atomically(store_.path_of("app.test"), "gone", 0600).has_value(); };
  ASSERT_TRUE(damage());
  int stops = 1;
  for (; killed_at(stops, [&] { static_cast<void>(store_.open("app.test")); }); ++stops) {
    const auto opened = store_.open("app.test");
    ASSERT_TRUE(opened && opened->credential) << "stop " << stops;
    ASSERT_EQ(opened->credential->leaf().fingerprint(), first_.leaf().fingerprint());
    ASSERT_TRUE(damage());
  }
  EXPECT_GT(stops, 40);
}

}  // namespace
}  // namespace gate::cert

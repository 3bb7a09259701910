#include "acme/key_change.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "acme/account.h"
#include "acme/codes.h"
#include "acme/fake_authority_for_test.h"
#include "client/loop_context.h"
#include "os/file.h"
#include "os/random.h"
#include "os/temporary_folder_for_test.h"

namespace gate::acme {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

class KeyChangeTest : public testing::Test {
 protected:
  Authority& authority() {
    if (!authority_) {
      authority_ = std::make_unique<Authority>(
          outside_->context(),
          AuthoritySettings{.directory = fake_.url("/dir"), .folder = account_folder_, .request_deadline = 2s});
    }
    return *authority_;
  }

  template <class Happened>
  void wait_for(const Happened& happened) {
    const auto until = clock_.now() + 20s;
    while (!happened() && clock_.now() < until) loop_->turn(clock_.now() + 100ms);
  }

  Outcome<> change() {
    std::optional<Outcome<>> outcome;
    KeyChange change(authority(), [&](auto result) { outcome = std::move(result); });
    change.start();
    EXPECT_FALSE(outcome) << "told from within start";
    wait_for([&] { return outcome.has_value(); });
    return std::move(outcome).value();
  }

  // The program begins anew, and needs the account.
  Outcome<> open() {
    struct Waiter final : AuthorityWaiter {
      void opened(const Outcome<>& result) override { outcome = result; }
      std::optional<Outcome<>> outcome;
    };
    Waiter waiter;
    authority_.reset();
    authority().open(waiter);
    wait_for([&] { return waiter.outcome.has_value(); });
    return std::move(waiter.outcome).value();
  }

  std::string thumbprint() const { return read_account(account_folder_).value().thumbprint(); }
  bool has_next_key() const { return os::inspect(account_folder_ + "/account.next.pem").has_value(); }

  // The authority answers a change with `answer`, after or without having done it.
  void answer_with(std::string answer, bool does_it) {
    fake_.overrule = [this, answer, does_it](const std::string& target,
                                             const json& payload) -> std::optional<std::string> {
      if (target != "/key-change") return std::nullopt;
      if (does_it) fake_.change_key(payload);
      return answer;
    };
  }

  const os::TemporaryFolder folder_;
  const std::string account_folder_ = folder_.path() + "/fake";
  const base::SystemClock clock_;
  os::SystemRandom random_;
  std::unique_ptr<loop::Loop> loop_ = loop::Loop::create(clock_).value();
  std::unique_ptr<client::LoopContext> outside_ = client::LoopContext::create(*loop_, random_).value();
  for_test::FakeAuthority fake_{*loop_};
  std::unique_ptr<Authority> authority_;
};

TEST_F(KeyChangeTest, gives_the_account_another_key) {
  ASSERT_TRUE(open());
  const std::string before = thumbprint();
  const auto outcome = change();
  ASSERT_TRUE(outcome) << base::render(outcome.error().error);
  EXPECT_NE(thumbprint(), before);
  EXPECT_FALSE(has_next_key());
  EXPECT_EQ(os::inspect(account_folder_ + "/account.pem").value().mode, 0600U);
  EXPECT_TRUE(open());
  EXPECT_TRUE(change()) << "the authority knows the new key";
  EXPECT_EQ(read_account(account_folder_).value().url, fake_.url("/account/1"));
}

TEST_F(KeyChangeTest, has_the_new_key_on_disk_before_the_authority_hears_of_it) {
  ASSERT_TRUE(open());
  const std::string before = thumbprint();
  std::optional<cert::PrivateKey> kept;
  fake_.overrule = [&](const std::string& target, const json&) -> std::optional<std::string> {
    if (target == "/key-change") kept = std::move(read_account(account_folder_).value().next_key);
    return std::nullopt;
  };
  ASSERT_TRUE(change());
  ASSERT_TRUE(kept);
  EXPECT_EQ(jose::PublicKey::of(*kept).value().thumbprint(), thumbprint());
}

TEST_F(KeyChangeTest, leaves_the_old_key_where_the_authority_refuses) {
  ASSERT_TRUE(open());
  const std::string before = thumbprint();
  answer_with(fake_.problem("409 Conflict", "malformed", "another account has it"), false);
  const auto outcome = change();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().error.code, kKeyRefused);
  EXPECT_EQ(thumbprint(), before);
  EXPECT_FALSE(has_next_key());
}

TEST_F(KeyChangeTest, keeps_both_keys_where_no_answer_came_and_finds_out_later) {
  for (const bool does_it : {true, false}) {
    ASSERT_TRUE(open());
    const std::string before = thumbprint();
    answer_with("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", does_it);
    const auto outcome = change();
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().error.code, kKeyUnclear);
    EXPECT_EQ(thumbprint(), before);
    EXPECT_TRUE(has_next_key());
    fake_.overrule = nullptr;

    ASSERT_TRUE(open());
    EXPECT_EQ(thumbprint() != before, does_it);
    EXPECT_FALSE(has_next_key());
    EXPECT_TRUE(change()) << "the key that is left is the one that the authority knows";
  }
}

TEST_F(KeyChangeTest, keeps_both_keys_where_it_is_given_up) {
  ASSERT_TRUE(open());
  {
    KeyChange change(authority(), [](const auto&) { FAIL() << "it was given up"; });
    change.start();
    wait_for([&] { return has_next_key(); });
  }
  EXPECT_TRUE(has_next_key());
  ASSERT_TRUE(open());
  EXPECT_FALSE(has_next_key());
  EXPECT_TRUE(change()) << "the key that is left is the one that the authority knows";
}

TEST_F(KeyChangeTest, lets_whoever_needs_the_account_wait) {
  struct Waiter final : AuthorityWaiter {
    explicit Waiter(Authority& asked) : authority(asked) {}
    void opened(const Outcome<>& result) override { thumbprint = result ? authority.account().thumbprint() : "none"; }
    Authority& authority;
    std::string thumbprint;
  };
  ASSERT_TRUE(open());
  const std::string before = thumbprint();
  Waiter waiter(authority());
  fake_.overrule = [&](const std::string& target, const json&) -> std::optional<std::string> {
    if (target == "/key-change") authority().open(waiter);
    return std::nullopt;
  };
  ASSERT_TRUE(change());
  wait_for([&] { return !waiter.thumbprint.empty(); });
  EXPECT_NE(waiter.thumbprint, before);
  EXPECT_EQ(waiter.thumbprint, thumbprint());
}

}  // namespace
}  // namespace gate::acme

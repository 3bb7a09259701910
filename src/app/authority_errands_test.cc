#include "app/authority_errands.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "acme/codes.h"
#include "acme/fake_authority_for_test.h"
#include "app/accounts.h"
#include "app/codes.h"
#include "cert/issue.h"
#include "client/loop_context.h"
#include "loop/waiting_for_test.h"
#include "os/random.h"
#include "os/temporary_folder_for_test.h"

namespace gate::app {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

const std::string kSite = "www.example.com";

// A site with a certificate of an authority that believes everything.
class AuthorityErrandsTest : public testing::Test, private IssuanceListener {
 protected:
  AuthorityErrandsTest() {
    authority_.authorization_status = "valid";
    start();
    EXPECT_TRUE(wait([&] { return served_.has_value() && !issuance_->running(kSite); }));
  }

  void start() {
    errands_.reset();
    issuance_.emplace(Issuance::Environment{.outside = outside_->context(),
                                            .random = random_,
                                            .listener = *this,
                                            .solvers = {},
                                            .dns_solvers = dns_solvers_},
                      folder_.path());
    IssuanceListener& listener = *this;
    errands_.emplace(*issuance_, dns_solvers_, listener);
    Settings settings;
    settings.sites.emplace_back();
    settings.sites.front().names.push_back({.name = kSite});
    settings.sites.front().acme.emplace();
    settings.sites.front().acme->authorities = {{.directory = authority_.url("/dir")}};
    std::vector<SiteCredentials> credentials;
    credentials.emplace_back();
    credentials.front().is_stand_in = !served_;
    credentials.front().credentials.push_back(served_ ? served_->clone() : stand_in());
    issuance_->adopt(settings, credentials);
    issuance_->maintain();
  }

  cert::Credential stand_in() const {
    auto key = cert::PrivateKey::generate();
    auto leaf = cert::make_self_signed(key, std::vector{kSite}, {loop_->wall() - 1h, loop_->wall() + 1h});
    return {.chain = {std::move(leaf)}, .key = std::move(key)};
  }

  // IssuanceListener
  base::Result<void> issued(const std::string&, const cert::Credential& credential) override {
    served_.emplace(credential.clone());
    return {};
  }
  void renewal_wanted(const std::string&) override {}
  void audit(observe::AuditKind kind, std::string_view, base::ErrorCode) override { audited_.push_back(kind); }

  struct Waiter final : IssuanceWaiter {
    explicit Waiter(std::optional<base::Result<std::string>>& told) : told_(told) {}
    void progress(std::string_view) override {}
    void ended(const base::Result<std::string>& outcome) override { told_ = outcome; }
    std::optional<base::Result<std::string>>& told_;
  };

  bool wait(const std::function<bool()>& condition) { return loop::wait_for(*loop_, condition); }
  void settle() { loop::settle(*loop_); }
  base::Result<std::string> revoke(bool wants_another) {
    std::optional<base::Result<std::string>> told;
    errands_->revoke({.site = kSite, .wants_another = wants_another}, *served_, std::make_unique<Waiter>(told));
    EXPECT_TRUE(wait([&] { return told.has_value(); }));
    return *std::move(told);
  }
  base::Result<std::string> change_key(std::string_view authority = "") {
    std::optional<base::Result<std::string>> told;
    errands_->change_key(authority, std::make_unique<Waiter>(told));
    EXPECT_TRUE(wait([&] { return told.has_value(); }));
    return *std::move(told);
  }
  std::string public_key() const { return served_->key.public_key_info(); }
  std::string host() const { return stored_accounts(folder_.path()).at(0).host; }

  const os::TemporaryFolder folder_;
  const base::SystemClock clock_;
  os::SystemRandom random_;
  std::unique_ptr<loop::Loop> loop_ = loop::Loop::create(clock_).value();
  std::unique_ptr<client::LoopContext> outside_ = client::LoopContext::create(*loop_, random_).value();
  acme::for_test::FakeAuthority authority_{*loop_};
  DnsSolvers dns_solvers_{outside_->context(), [](const base::Error&) {}};
  std::optional<cert::Credential> served_;
  std::vector<observe::AuditKind> audited_;
  std::optional<Issuance> issuance_;
  std::optional<AuthorityErrands> errands_;
};

TEST_F(AuthorityErrandsTest, what_is_revoked_is_replaced) {
  const std::string before = public_key();
  const auto told = revoke(true);
  ASSERT_TRUE(told) << told.error().what;
  EXPECT_TRUE(told->contains("revoked by") && told->contains("renewed by")) << *told;
  EXPECT_NE(public_key(), before);
  EXPECT_EQ(authority_.count("/order"), 2U);
  EXPECT_EQ(issuance_->orders().at(host()).issued, 2U);
}

TEST_F(AuthorityErrandsTest, what_is_given_up_is_not_ordered_over_restarts_until_a_person_does) {
  ASSERT_TRUE(revoke(false));
  for (int i = 0; i < 2; ++i) {
    issuance_->maintain();
    settle();
    EXPECT_EQ(authority_.count("/order"), 1U);
    start();
  }
  std::optional<base::Result<std::string>> told;
  issuance_->order_now(kSite, std::make_unique<Waiter>(told));
  ASSERT_TRUE(wait([&] { return told.has_value(); }));
  EXPECT_TRUE(*told);
  EXPECT_EQ(authority_.count("/order"), 2U);
}

TEST_F(AuthorityErrandsTest, what_was_revoked_and_cannot_be_replaced_is_told_so) {
  authority_.overrule = [&](const std::string& target, const json&) -> std::optional<std::string> {
    if (target != "/order") return std::nullopt;
    return authority_.problem("403 Forbidden", "rejectedIdentifier", "not any more");
  };
  const auto told = revoke(true);
  ASSERT_FALSE(told);
  EXPECT_TRUE(told.error().what.contains("revoked by") && told.error().what.contains("there is no other yet"))
      << told.error().what;
}

TEST_F(AuthorityErrandsTest, a_refusal_to_revoke_changes_nothing) {
  authority_.overrule = [&](const std::string& target, const json&) -> std::optional<std::string> {
    if (target != "/revoke") return std::nullopt;
    return authority_.problem("403 Forbidden", "unauthorized", "not yours");
  };
  const auto told = revoke(true);
  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().code, acme::kNotRevoked);
  settle();
  EXPECT_EQ(authority_.count("/order"), 1U);
}

TEST_F(AuthorityErrandsTest, the_account_gets_another_key_and_orders_by_it) {
  const std::string before = stored_accounts(folder_.path()).at(0).account->thumbprint();
  const auto told = change_key();
  ASSERT_TRUE(told) << told.error().what;
  const std::string after = stored_accounts(folder_.path()).at(0).account->thumbprint();
  EXPECT_NE(after, before);
  EXPECT_TRUE(told->contains(after)) << *told;
  EXPECT_EQ(audited_.back(), observe::AuditKind::kAccountChanged);
  EXPECT_TRUE(revoke(true)) << "signed by the new key";
}

TEST_F(AuthorityErrandsTest, the_key_stays_while_an_order_signs_by_it) {
  std::optional<base::Result<std::string>> told;
  issuance_->order_now(kSite, std::make_unique<Waiter>(told));
  const auto refused = change_key(host());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, kAccountBusy);
  ASSERT_TRUE(wait([&] { return told.has_value(); }));
  EXPECT_TRUE(change_key(host()));
}

TEST_F(AuthorityErrandsTest, accounts_that_are_not_there_are_told) {
  EXPECT_EQ(change_key("other.example").error().code, kNoSuchAccount);
}

}  // namespace
}  // namespace gate::app

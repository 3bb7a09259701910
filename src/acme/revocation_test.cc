#include "acme/revocation.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "acme/codes.h"
#include "acme/fake_authority_for_test.h"
#include "base/text.h"
#include "cert/issue.h"
#include "client/loop_context.h"
#include "jose/base64url.h"
#include "os/file.h"
#include "os/random.h"
#include "os/temporary_folder_for_test.h"

namespace gate::acme {
namespace {

using namespace std::chrono_literals;
using cert::RevocationReason;
using nlohmann::json;

class RevocationTest : public testing::Test {
 protected:
  Outcome<> revoke(RevocationReason reason = RevocationReason::kSuperseded) {
    Authority authority(outside_->context(), {.directory = fake_.url("/dir"), .folder = folder_.path() + "/fake"});
    auto key = cert::PrivateKey::generate();
    const auto leaf = cert::make_self_signed(key, std::vector<std::string>{"www.example.com"},
                                             {loop_->wall() - 1h, loop_->wall() + 1h});
    certificate_ = std::string(base::as_text(leaf.der()));
    std::optional<Outcome<>> outcome;
    Revocation revocation(authority, {.certificate = certificate_, .key = std::move(key), .reason = reason},
                          [&](auto result) { outcome = std::move(result); });
    revocation.start();
    EXPECT_FALSE(outcome) << "told from within start";
    const auto until = clock_.now() + 20s;
    while (!outcome && clock_.now() < until) loop_->turn(clock_.now() + 100ms);
    return std::move(outcome).value();
  }

  const os::TemporaryFolder folder_;
  const base::SystemClock clock_;
  os::SystemRandom random_;
  std::unique_ptr<loop::Loop> loop_ = loop::Loop::create(clock_).value();
  std::unique_ptr<client::LoopContext> outside_ = client::LoopContext::create(*loop_, random_).value();
  for_test::FakeAuthority fake_{*loop_};
  std::string certificate_;
};

TEST_F(RevocationTest, is_signed_by_the_account) {
  const auto outcome = revoke();
  ASSERT_TRUE(outcome) << base::render(outcome.error().error);
  EXPECT_EQ(fake_.last_key_id, fake_.url("/account/1"));
  EXPECT_EQ(fake_.revocation, (json{{"certificate", jose::to_base64url(base::as_bytes(certificate_))}, {"reason", 4}}));
}

TEST_F(RevocationTest, of_a_compromised_key_is_signed_by_that_key) {
  ASSERT_TRUE(revoke(RevocationReason::kKeyCompromise));
  EXPECT_EQ(fake_.last_key_id, "");
  EXPECT_EQ(fake_.revocation.at("reason"), 1);
}

TEST_F(RevocationTest, is_signed_by_the_certificates_key_where_the_account_is_another_one) {
  fake_.overrule = [&](const std::string& target, const json&) -> std::optional<std::string> {
    if (target != "/revoke" || fake_.last_key_id.empty()) return std::nullopt;
    return fake_.problem("403 Forbidden", "unauthorized", "not yours");
  };
  ASSERT_TRUE(revoke());
  EXPECT_EQ(fake_.count("/revoke"), 2U);
  EXPECT_EQ(fake_.revocation.at("reason"), 4);
}

TEST_F(RevocationTest, needs_no_account) {
  ASSERT_TRUE(os::make_directories(folder_.path() + "/fake", 0700));
  ASSERT_TRUE(os::write_file_atomically(folder_.path() + "/fake/account.pem", "damaged", 0600));
  ASSERT_TRUE(revoke());
  EXPECT_EQ(fake_.count("/account"), 0U);
}

TEST_F(RevocationTest, of_what_is_revoked_already_is_fine) {
  fake_.overrule = [&](const std::string& target, const json&) -> std::optional<std::string> {
    if (target != "/revoke") return std::nullopt;
    return fake_.problem("400 Bad Request", "alreadyRevoked", "since yesterday");
  };
  EXPECT_TRUE(revoke());
  EXPECT_EQ(fake_.count("/revoke"), 1U);
}

TEST_F(RevocationTest, tells_why_the_authority_refuses) {
  fake_.overrule = [&](const std::string& target, const json&) -> std::optional<std::string> {
    if (target != "/revoke") return std::nullopt;
    return fake_.problem("403 Forbidden", "unauthorized", "not yours");
  };
  const auto outcome = revoke();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().error.code, kNotRevoked);
  EXPECT_EQ(outcome.error().error.why, "unauthorized: not yours");
}

TEST_F(RevocationTest, is_not_asked_of_an_authority_that_does_not_offer_it) {
  fake_.overrule = [&](const std::string& target, const json&) -> std::optional<std::string> {
    if (target != "/dir") return std::nullopt;
    return fake_.reply(
        "200 OK",
        {{"newNonce", fake_.url("/nonce")}, {"newAccount", fake_.url("/account")}, {"newOrder", fake_.url("/order")}});
  };
  const auto outcome = revoke();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().error.code, kNotOffered);
}

}  // namespace
}  // namespace gate::acme

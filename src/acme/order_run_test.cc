#include "acme/order_run.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

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

// Remembers what it was told, and calls back in the next turn.
class RecordingSolver final : public Solver {
 public:
  RecordingSolver(loop::Loop& loop, std::string_view type) : loop_(loop), type_(type) {}
  std::string_view type() const override { return type_; }
  void present(const Challenge& challenge, Done done) override {
    presented.push_back(challenge);
    loop_.post([this, done = std::move(done)] { done(outcome); });
  }
  void clean_up(const Challenge& challenge, Done done) override {
    cleaned.push_back(challenge.name);
    loop_.post([done = std::move(done)] { done({}); });
  }

  std::vector<Challenge> presented;
  std::vector<std::string> cleaned;
  base::Result<void> outcome;

 private:
  loop::Loop& loop_;
  std::string_view type_;
};

class OrderRunTest : public testing::Test {
 protected:
  Authority& authority() {
    if (!authority_) {
      AuthoritySettings settings{.directory = fake_.url("/dir"),
                                 .folder = folder_.path() + "/acme/fake",
                                 .contacts = {"mailto:ops@example.com"},
                                 .binding = binding_,
                                 .request_deadline = 2s};
      authority_ = std::make_unique<Authority>(outside_->context(), std::move(settings));
    }
    return *authority_;
  }

  Outcome<Issued> order(OrderSettings settings) {
    settings.solvers = {&solver_};
    std::optional<Outcome<Issued>> outcome;
    OrderRun run(authority(), std::move(settings), [&](auto result) { outcome = std::move(result); });
    run.start();
    EXPECT_FALSE(outcome) << "told from within start";
    const auto until = clock_.now() + 20s;
    while (!outcome && clock_.now() < until) loop_->turn(clock_.now() + 100ms);
    return std::move(outcome).value();
  }
  Outcome<Issued> order_one(std::string name = "www.example.com") {
    OrderSettings settings;
    settings.names.push_back(std::move(name));
    return order(std::move(settings));
  }

  const os::TemporaryFolder folder_;
  const base::SystemClock clock_;
  os::SystemRandom random_;
  std::unique_ptr<loop::Loop> loop_ = loop::Loop::create(clock_).value();
  std::unique_ptr<client::LoopContext> outside_ = client::LoopContext::create(*loop_, random_).value();
  for_test::FakeAuthority fake_{*loop_};
  RecordingSolver solver_{*loop_, "http-01"};
  std::optional<ExternalBinding> binding_;
  std::unique_ptr<Authority> authority_;
};

TEST_F(OrderRunTest, leads_to_a_certificate) {
  const auto issued = order({.names = {"www.example.com", "example.com"}});
  ASSERT_TRUE(issued) << base::render(issued.error().error);
  EXPECT_EQ(issued->credential.leaf().dns_names(), (std::vector<std::string>{"www.example.com", "example.com"}));
  EXPECT_EQ(fake_.last_key_id, fake_.url("/account/1"));
  ASSERT_EQ(solver_.presented.size(), 2U);
  const auto& challenge = solver_.presented.front();
  EXPECT_EQ(challenge.name, "www.example.com");
  EXPECT_EQ(challenge.key_authorization, "token-0." + authority().account().thumbprint());
  EXPECT_EQ(solver_.cleaned, (std::vector<std::string>{"www.example.com", "example.com"}));
  EXPECT_EQ(fake_.new_account.at("contact"), json::array({"mailto:ops@example.com"}));
  EXPECT_EQ(fake_.new_account.at("termsOfServiceAgreed"), true);
}

TEST_F(OrderRunTest, each_certificate_has_a_key_of_its_own) {
  const auto first = order_one();
  const auto second = order_one();
  ASSERT_TRUE(first && second);
  EXPECT_NE(first->credential.key.public_key_info(), second->credential.key.public_key_info());
}

TEST_F(OrderRunTest, the_account_is_made_once_and_found_again) {
  ASSERT_TRUE(order_one());
  const std::string thumbprint = authority().account().thumbprint();
  authority_.reset();
  ASSERT_TRUE(order_one());
  EXPECT_EQ(authority().account().thumbprint(), thumbprint);
  EXPECT_EQ(fake_.count("/account"), 1U);
  const auto facts = os::inspect(folder_.path() + "/acme/fake/account.pem");
  EXPECT_EQ(facts.value().mode, 0600U);
}

TEST_F(OrderRunTest, an_account_that_the_authority_has_forgotten_is_made_again) {
  ASSERT_TRUE(order_one());
  bool told = false;
  fake_.overrule = [&](const std::string& target, const json&) -> std::optional<std::string> {
    if (target != "/order" || std::exchange(told, true)) return std::nullopt;
    return fake_.problem("400 Bad Request", "accountDoesNotExist", "who are you?");
  };
  const auto issued = order_one();
  ASSERT_TRUE(issued) << base::render(issued.error().error);
  EXPECT_EQ(fake_.count("/account"), 2U);
}

TEST_F(OrderRunTest, a_nonce_that_is_not_taken_is_replaced) {
  fake_.bad_nonces = 5;
  EXPECT_TRUE(order_one());
}

TEST_F(OrderRunTest, an_authority_that_takes_no_nonce_is_given_up) {
  fake_.bad_nonces = 1'000;
  const auto issued = order_one();
  ASSERT_FALSE(issued);
  EXPECT_EQ(issued.error().problem, "badNonce");
  EXPECT_EQ(issued.error().kind, FailureKind::kUnreachable);
}

TEST_F(OrderRunTest, a_name_that_is_proven_already_is_not_proven_again) {
  fake_.authorization_status = "valid";
  ASSERT_TRUE(order_one());
  EXPECT_TRUE(solver_.presented.empty());
}

TEST_F(OrderRunTest, tells_what_the_authority_saw) {
  fake_.authorization_after = "invalid";
  fake_.challenge_error = {{"type", "urn:ietf:params:acme:error:connection"},
                           {"detail", "192.0.2.1: Fetching http://www.example.com/: Connection refused"}};
  const auto issued = order_one();
  ASSERT_FALSE(issued);
  const auto& error = issued.error().error;
  EXPECT_EQ(error.code, kNotProven);
  EXPECT_EQ(issued.error().kind, FailureKind::kRefused);
  EXPECT_TRUE(error.what.contains("www.example.com")) << error.what;
  EXPECT_TRUE(error.why.contains("http-01: connection: 192.0.2.1")) << error.why;
  EXPECT_EQ(solver_.cleaned.size(), 1U);
}

TEST_F(OrderRunTest, a_wildcard_needs_dns_01) {
  const auto issued = order_one("*.example.com");
  ASSERT_FALSE(issued);
  EXPECT_EQ(issued.error().error.code, kNoWayToProve);
  EXPECT_TRUE(issued.error().error.fix.contains("dns-01")) << issued.error().error.fix;
}

// RFC 8555 7.5.2.
TEST_F(OrderRunTest, what_is_pending_is_given_up_where_the_order_is) {
  std::vector<std::string> given_up;
  fake_.overrule = [&](const std::string& target, const json& payload) -> std::optional<std::string> {
    if (payload == json{{"status", "deactivated"}}) given_up.push_back(target);
    return std::nullopt;
  };
  solver_.outcome = base::fail({.code = base::ErrorCode{1}, .what = "no rights"});
  ASSERT_FALSE(order({.names = {"www.example.com", "example.com"}}));
  EXPECT_EQ(given_up, (std::vector<std::string>{"/authorization/0", "/authorization/1"}));

  // What was refused is not pending any more.
  given_up.clear();
  solver_.outcome = {};
  fake_.authorization_after = "invalid";
  ASSERT_FALSE(order({.names = {"www.example.com", "example.com"}}));
  EXPECT_EQ(given_up, (std::vector<std::string>{"/authorization/1"}));
}

TEST_F(OrderRunTest, what_comes_of_giving_up_changes_nothing) {
  fake_.overrule = [&](const std::string&, const json& payload) -> std::optional<std::string> {
    if (payload != json{{"status", "deactivated"}}) return std::nullopt;
    return client::ScriptedServer::response("503 Service Unavailable", "", "");
  };
  solver_.outcome = base::fail({.code = base::ErrorCode{1}, .what = "no rights"});
  const auto issued = order_one();
  ASSERT_FALSE(issued);
  EXPECT_TRUE(issued.error().error.what.contains("no rights")) << "the first failure is what is told";
}

TEST_F(OrderRunTest, a_rate_limit_is_kept) {
  fake_.overrule = [&](const std::string& target, const json&) -> std::optional<std::string> {
    if (target != "/order") return std::nullopt;
    return fake_.problem("429 Too Many Requests", "rateLimited", "too many certificates", "Retry-After: 3600\r\n");
  };
  const auto issued = order_one();
  ASSERT_FALSE(issued);
  EXPECT_EQ(issued.error().kind, FailureKind::kRateLimited);
  EXPECT_EQ(issued.error().error.code, kRateLimited);
  ASSERT_TRUE(issued.error().again_at);
  EXPECT_GT(*issued.error().again_at, clock_.wall() + 50min);
}

TEST_F(OrderRunTest, garbage_is_told_as_such) {
  struct Case {
    std::string target;
    std::string answer;
  };
  for (const auto& [target, answer] : std::vector<Case>{
           {"/dir", client::ScriptedServer::response("200 OK", "Content-Type: text/html\r\n", "<html>")},
           {"/dir", client::ScriptedServer::response("200 OK", "Content-Type: application/json\r\n", "{}")},
           {"/dir", client::ScriptedServer::response("302 Found", "Location: /x\r\n", "")},
           {"/order", client::ScriptedServer::response("201 Created", "Content-Type: application/json\r\n", "[1]")},
           {"/authorization/0", client::ScriptedServer::response("200 OK", "Content-Type: application/json\r\n", "x")},
           {"/certificate", client::ScriptedServer::response("200 OK", "Content-Type: application/pkix-cert\r\n", "x")},
       }) {
    authority_.reset();
    fake_.overrule = [&](const std::string& asked, const json&) {
      return asked == target ? std::optional(answer) : std::nullopt;
    };
    const auto issued = order_one();
    ASSERT_FALSE(issued) << target;
    EXPECT_EQ(issued.error().kind, FailureKind::kUnreachable) << target;
    EXPECT_EQ(issued.error().error.code, kBadAnswer) << target << base::render(issued.error().error);
  }
}

TEST_F(OrderRunTest, trouble_of_the_authority_may_pass) {
  fake_.overrule = [&](const std::string& target, const json&) -> std::optional<std::string> {
    if (target != "/finalize") return std::nullopt;
    return client::ScriptedServer::response("503 Service Unavailable", "Retry-After: 60\r\n", "");
  };
  const auto issued = order_one();
  ASSERT_FALSE(issued);
  EXPECT_EQ(issued.error().kind, FailureKind::kUnreachable);
  EXPECT_EQ(issued.error().error.code, kAuthorityFailed);
  EXPECT_TRUE(issued.error().again_at);
}

TEST_F(OrderRunTest, an_order_that_stays_in_processing_is_given_up) {
  fake_.order_after = "processing";
  const auto issued = order({.names = {"www.example.com"}, .deadline = 1500ms});
  ASSERT_FALSE(issued);
  EXPECT_EQ(issued.error().error.code, kTooSlow);
  EXPECT_TRUE(issued.error().error.why.contains("waiting for the certificate")) << issued.error().error.why;
}

TEST_F(OrderRunTest, a_certificate_for_another_name_is_refused) {
  fake_.overrule = [&](const std::string& target, const json&) -> std::optional<std::string> {
    if (target != "/certificate") return std::nullopt;
    const auto root = cert::for_test::root("Other", loop_->wall() - 1h);
    const auto other = cert::for_test::leaf(root, {"other.example"}, loop_->wall() - 1h);
    return client::ScriptedServer::response("200 OK", "Content-Type: application/pem-certificate-chain\r\n",
                                            other.leaf().to_pem() + root.leaf().to_pem());
  };
  const auto issued = order_one();
  ASSERT_FALSE(issued);
  EXPECT_EQ(issued.error().error.code, kWrongCertificate);
}

TEST_F(OrderRunTest, a_solver_that_fails_is_told_and_cleans_up) {
  solver_.outcome = base::fail({.code = {}, .what = "no disk"});
  const auto issued = order_one();
  ASSERT_FALSE(issued);
  EXPECT_EQ(issued.error().kind, FailureKind::kOurs);
  EXPECT_TRUE(issued.error().error.what.contains("no disk"));
  EXPECT_EQ(solver_.cleaned.size(), 1U);
  EXPECT_EQ(fake_.count("/challenge/0"), 0U);
}

TEST_F(OrderRunTest, a_profile_is_asked_for_only_where_there_is_one) {
  EXPECT_EQ(order({.names = {"www.example.com"}, .profile = "shortlived"}).error().error.code, kUnknownProfile);
  fake_.directory_meta = {{"profiles", {{"shortlived", "six days"}}}};
  authority_.reset();
  ASSERT_TRUE(order({.names = {"www.example.com"}, .profile = "shortlived"}));
  EXPECT_EQ(fake_.new_order.at("profile"), "shortlived");
}

TEST_F(OrderRunTest, a_replaced_certificate_that_is_not_known_is_left_out) {
  fake_.overrule = [&](const std::string& target, const json& payload) -> std::optional<std::string> {
    if (target != "/order" || !payload.contains("replaces")) return std::nullopt;
    return fake_.problem("409 Conflict", "alreadyReplaced", "by another");
  };
  ASSERT_TRUE(order({.names = {"www.example.com"}, .replaces = "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE"}));
  EXPECT_FALSE(fake_.new_order.contains("replaces"));
  EXPECT_EQ(fake_.count("/order"), 2U);
}

TEST_F(OrderRunTest, addresses_are_ordered_as_such) {
  fake_.authorization_status = "valid";
  ASSERT_TRUE(order_one("192.0.2.7"));
  EXPECT_EQ(fake_.new_order.at("identifiers"), json::array({{{"type", "ip"}, {"value", "192.0.2.7"}}}));
}

TEST_F(OrderRunTest, an_authority_for_its_customers_wants_a_binding) {
  fake_.directory_meta = {{"externalAccountRequired", true}};
  const auto refused = order_one();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().error.code, kBindingNeeded);
  binding_ = ExternalBinding{.key_id = "kid-1", .key = "a secret"};
  authority_.reset();
  ASSERT_TRUE(order_one());
  const auto bound = jose::Jws::parse(fake_.new_account.at("externalAccountBinding").dump());
  ASSERT_TRUE(bound);
  EXPECT_TRUE(bound->verify(base::as_bytes("a secret")));
  EXPECT_EQ(bound->header.key_id, "kid-1");
  EXPECT_EQ(bound->header.url, fake_.url("/account"));
}

TEST_F(OrderRunTest, a_deactivated_account_is_told_as_such) {
  fake_.overrule = [&](const std::string& target, const json&) -> std::optional<std::string> {
    if (target != "/account") return std::nullopt;
    return fake_.problem("403 Forbidden", "unauthorized", "the account is deactivated");
  };
  const auto issued = order_one();
  ASSERT_FALSE(issued);
  EXPECT_EQ(issued.error().error.code, kAccountUnusable);
  EXPECT_TRUE(issued.error().error.fix.contains("/acme/fake")) << issued.error().error.fix;
}

TEST_F(OrderRunTest, an_account_whose_key_is_damaged_is_told) {
  ASSERT_TRUE(order_one());
  authority_.reset();
  ASSERT_TRUE(os::write_file_atomically(folder_.path() + "/acme/fake/account.pem", "garbage", 0600));
  const auto issued = order_one();
  ASSERT_FALSE(issued);
  EXPECT_EQ(issued.error().kind, FailureKind::kOurs);
  EXPECT_EQ(issued.error().error.code, kAccountUnusable);
}

}  // namespace
}  // namespace gate::acme

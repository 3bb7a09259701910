#include "feature/acme_server/acme_server.h"

#include <gtest/gtest.h>

#include <optional>

#include "base/check.h"
#include "feature/acme_server/codes.h"
#include "http/testing/fake_exchange.h"
#include "loop/loop.h"

namespace gate::acme_server {
namespace {

using http::Flow;
using http::testing::FakeExchange;
using http::testing::FakeRequest;

class FakeDesk final : public Desk {
 public:
  void ask(Asker given, Question question) override {
    asker = given;
    asked = std::move(question);
  }
  Asker asker;
  std::optional<Question> asked;
};

class AcmeServerTest : public testing::Test {
 protected:
  void build(AcmeServerSettings settings = {}) {
    plan_.emplace(std::move(settings));
    service_ = plan_->build({.clock = clock_, .loop = loop_.get(), .acme = &counter_});
  }

  http::testing::FakeClock clock_;
  std::unique_ptr<loop::Loop> loop_ = loop::Loop::create(clock_).value();
  FakeDesk desk_;
  Counter counter_{3, desk_};
  std::optional<AcmeServerPlan> plan_;
  std::unique_ptr<http::Service> service_;
};

TEST_F(AcmeServerTest, asks_the_desk_and_sends_what_it_says) {
  build();
  FakeExchange fake({.method = "POST", .target = "/acme/new-order", .authority = "PKI.example.com:8443", .body = "{}"});
  fake.add("content-type", "application/jose+json");
  EXPECT_EQ(fake.run(*service_), Flow::kTaken);
  ASSERT_TRUE(desk_.asked.has_value());
  EXPECT_EQ(desk_.asker.worker, 3U);
  EXPECT_EQ(desk_.asked->base, "https://pki.example.com:8443/acme");
  EXPECT_EQ(desk_.asked->path, "/new-order");
  EXPECT_EQ(desk_.asked->body, "{}");
  EXPECT_EQ(desk_.asked->content_type, "application/jose+json");
  EXPECT_EQ(fake.responses(), 0);
  counter_.answered(desk_.asker.number, {.status = 201, .fields = {{"replay-nonce", "abc"}}, .body = "made"});
  EXPECT_EQ(fake.responses(), 1);
  EXPECT_EQ(fake.status(), 201);
  EXPECT_EQ(fake.field("replay-nonce"), "abc");
  EXPECT_EQ(fake.read_body(), "made");
}

TEST_F(AcmeServerTest, leaves_other_paths_to_others) {
  build();
  for (const char* target : {"/", "/acme", "/acmex/directory", "/other/acme/directory"}) {
    FakeExchange fake({.target = target});
    EXPECT_EQ(fake.run(*service_), Flow::kNext) << target;
  }
}

TEST_F(AcmeServerTest, is_not_spoken_with_in_clear) {
  build();
  FakeExchange fake({.target = "/acme/directory", .secure = false});
  EXPECT_EQ(fake.run(*service_), Flow::kTaken);
  EXPECT_EQ(fake.status(), 403);
  EXPECT_EQ(fake.exchange().refusal->code, kNeedsHttps);
  EXPECT_FALSE(desk_.asked.has_value());
}

TEST_F(AcmeServerTest, answers_only_those_it_is_for) {
  build({.allow = {*base::Cidr::parse("10.0.0.0/8")}});
  FakeExchange stranger({.target = "/acme/directory", .peer = "192.0.2.1"});
  EXPECT_EQ(stranger.run(*service_), Flow::kTaken);
  EXPECT_EQ(stranger.exchange().refusal->code, kNotAllowed);
  FakeExchange friendly({.target = "/acme/directory", .peer = "10.1.2.3"});
  EXPECT_EQ(friendly.run(*service_), Flow::kTaken);
  EXPECT_TRUE(desk_.asked.has_value());
}

TEST_F(AcmeServerTest, takes_no_more_than_a_message_has) {
  build();
  const std::string large(65 * 1024, 'x');
  FakeExchange fake({.method = "POST", .target = "/acme/new-order", .body = large});
  EXPECT_EQ(fake.run(*service_), Flow::kTaken);
  EXPECT_EQ(fake.status(), 413);
  EXPECT_FALSE(desk_.asked.has_value());
}

TEST_F(AcmeServerTest, forgets_clients_that_went_away) {
  build();
  {
    FakeExchange fake({.target = "/acme/directory"});
    fake.run(*service_);
  }
  counter_.answered(desk_.asker.number, {.status = 200, .fields = {}, .body = "late"});
}

}  // namespace
}  // namespace gate::acme_server

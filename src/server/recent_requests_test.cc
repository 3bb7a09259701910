#include "server/recent_requests.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "http/testing/fake_exchange.h"

namespace gate::server {
namespace {

using namespace std::chrono_literals;
using http::testing::FakeExchange;

constexpr base::ErrorCode kSome{5041};

class Recent : public testing::Test {
 protected:
  void note(FakeExchange& fake, std::uint64_t id, bool query_is_logged = true) {
    fake.exchange().id = id;
    recent.note(fake.exchange(), base::WallTime(1s), 5ms, query_is_logged);
  }
  void refuse(std::uint64_t id, std::uint16_t status) {
    FakeExchange fake;
    fake.exchange().refuse({status, kSome, "because"});
    note(fake, id);
  }

  RecentRequests recent;
};

TEST_F(Recent, keep_what_was_refused_and_why) {
  FakeExchange fake({.method = "POST", .target = "/a?b=c", .authority = "example.com:8443"});
  fake.exchange().site = "example.com";
  fake.exchange().rule = "respond 403";
  fake.exchange().refuse({403, kSome, "because"});
  note(fake, 7);
  const RecentRequest* found = recent.find(7);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->method.view(), "POST");
  EXPECT_EQ(found->host.view(), "example.com:8443");
  EXPECT_EQ(found->path.view(), "/a");
  EXPECT_EQ(found->query.view(), "b=c");
  EXPECT_EQ(found->site.view(), "example.com");
  EXPECT_EQ(found->rule.view(), "respond 403");
  EXPECT_EQ(found->status, 403);
  EXPECT_EQ(found->code.number, kSome.number);
  EXPECT_EQ(found->reason.view(), "because");
  EXPECT_EQ(found->took, 5ms);
  EXPECT_EQ(found->connection_id, 7U);
}

TEST_F(Recent, keep_no_query_that_the_log_does_not_have) {
  FakeExchange fake({.target = "/a?token=secret"});
  fake.exchange().refuse({403, kSome, "because"});
  note(fake, 7, false);
  EXPECT_EQ(recent.find(7)->query.view(), "");
  EXPECT_TRUE(recent.find(7)->has_query);
}

TEST_F(Recent, keep_nothing_of_what_was_answered) {
  FakeExchange fake;
  fake.exchange().outcome = http::Outcome::kComplete;
  fake.exchange().respond();
  note(fake, 7);
  EXPECT_EQ(recent.find(7), nullptr);
}

TEST_F(Recent, keep_answers_that_broke_off_and_those_that_only_another_server_gave) {
  FakeExchange broken;
  broken.exchange().outcome = http::Outcome::kResponseFailed;
  note(broken, 1);
  EXPECT_NE(recent.find(1), nullptr);

  FakeExchange retried;
  http::UpstreamFacts facts;
  facts.begin("http://a:1").fault = http::CallFault::kConnectionRefused;
  facts.begin("http://b:1").status = 200;
  retried.exchange().upstream = &facts;
  retried.exchange().outcome = http::Outcome::kComplete;
  note(retried, 2);
  ASSERT_NE(recent.find(2), nullptr);
  ASSERT_EQ(recent.find(2)->attempts_kept().size(), 2U);
  EXPECT_EQ(recent.find(2)->attempts_kept()[0].server.view(), "http://a:1");
  EXPECT_EQ(recent.find(2)->attempts_kept()[0].fault, http::CallFault::kConnectionRefused);
  EXPECT_EQ(recent.find(2)->attempts_kept()[1].status, 200);
}

TEST_F(Recent, forget_the_oldest_and_no_failure_for_a_scan) {
  refuse(1, 502);
  refuse(2, 404);
  for (std::uint64_t id = 10; id < 10 + RecentRequests::kKeptOfEach; ++id) refuse(id, 404);
  EXPECT_NE(recent.find(1), nullptr);
  EXPECT_EQ(recent.find(2), nullptr);
  EXPECT_NE(recent.find(10), nullptr);
}

TEST_F(Recent, cut_what_is_too_long) {
  const std::string path = "/" + std::string(5000, 'a');
  FakeExchange fake({.target = path});
  fake.exchange().refuse({404, kSome, "because"});
  note(fake, 7);
  EXPECT_TRUE(recent.find(7)->path.cut());
  EXPECT_TRUE(path.starts_with(recent.find(7)->path.view()));
}

TEST(UpstreamFacts, keep_the_first_attempts_and_the_last) {
  http::UpstreamFacts facts;
  for (std::uint16_t status = 500; status < 510; ++status) facts.begin("http://a:1").status = status;
  EXPECT_EQ(facts.attempts, 10U);
  ASSERT_EQ(facts.view().size(), http::UpstreamFacts::kKeptMax);
  EXPECT_EQ(facts.view().front().status, 500);
  EXPECT_EQ(facts.view().back().status, 509);
}

}  // namespace
}  // namespace gate::server

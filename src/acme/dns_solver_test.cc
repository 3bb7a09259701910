#include "acme/dns_solver.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "acme/dns_codes.h"
#include "dns/codes.h"
#include "dns/fake_server_for_test.h"
#include "dns/rdata.h"

namespace gate::acme {
namespace {

using dns::Answers;
using dns::Class;
using dns::Record;
using dns::Type;

dns::Name name(std::string_view text) { return dns::Name::parse(text).value(); }

// Writes down what it is asked for and does it when the test says so.
class FakePublisher final : public DnsPublisher {
 public:
  void publish(const DnsValue& value, Done done) override { add("present", value, std::move(done)); }
  void withdraw(const DnsValue& value, Done done) override { add("cleanup", value, std::move(done)); }

  void finish(base::Result<> result = {}) {
    const Done done = std::move(waiting.front());
    waiting.pop_front();
    done(std::move(result));
  }

  std::vector<std::string> asked;
  std::deque<Done> waiting;

 private:
  void add(std::string_view action, const DnsValue& value, Done done) {
    asked.push_back(std::string(action) + " " + value.name.to_string() + " in " + value.zone.to_string() + " " +
                    value.value);
    waiting.push_back(std::move(done));
  }
};

// A resolver that knows the zones example.com and auth.example.net, and an alias from one to the other.
class DnsSolverTest : public dns::DnsTest {
 protected:
  DnsSolverTest() {
    auto publisher = std::make_unique<FakePublisher>();
    publisher_ = publisher.get();
    solver_ =
        std::make_unique<DnsSolver>(context_, DnsSettings{{resolver_.endpoint()}, std::nullopt}, std::move(publisher));
  }

  static Answers reply(base::ByteView asked) {
    const auto question = dns::decode(asked)->questions.at(0);
    const std::string text = question.name.to_string();
    if (text == "_acme-challenge.alias.example.com") {
      return {encode(dns::answer_to(asked, {record(text, Type::kCname, name("x.auth.example.net").wire())}))};
    }
    for (const auto* zone : {"example.com", "auth.example.net"}) {
      if (text == zone && question.type == Type::kSoa) {
        return {encode(dns::answer_to(asked, {record(zone, Type::kSoa, std::string(22, '\0'))}))};
      }
      if (text == zone && question.type == Type::kNs) {
        return {encode(dns::answer_to(asked, {record(zone, Type::kNs, name("ns.example.com").wire())}))};
      }
    }
    if (text == "ns.example.com" && question.type == Type::kA) {
      return {encode(dns::answer_to(asked, {record(text, Type::kA, std::string("\x7f\0\0\1", 4))}))};
    }
    return {encode(dns::answer_to(asked, {}, dns::Rcode::kNoSuchName))};
  }

  static Record record(std::string_view owner, Type type, std::string data) {
    return {name(owner), type, Class::kInternet, 300, std::move(data)};
  }

  Solver::Done into(std::optional<base::Result<>>& outcome) {
    return [&outcome](base::Result<> result) { outcome = std::move(result); };
  }

  // Presents and waits until the publisher is asked.
  void present(const Challenge& challenge, std::optional<base::Result<>>& outcome) {
    const std::size_t before = publisher_->asked.size();
    solver_->present(challenge, into(outcome));
    while (publisher_->asked.size() == before && !outcome) loop_->turn(loop_->now() + std::chrono::milliseconds(20));
  }

  dns::FakeServer resolver_{*loop_, [](base::ByteView asked, bool) { return reply(asked); }};
  FakePublisher* publisher_ = nullptr;
  std::unique_ptr<DnsSolver> solver_;
};

Challenge challenge(std::string of, std::string key_authorization) {
  return {std::move(of), "token", std::move(key_authorization), "thumbprint"};
}

TEST(DnsChallenge, is_the_digest_of_the_key_authorization) {
  // By Python's hashlib and base64.
  EXPECT_EQ(dns_challenge_text("token.thumbprint"), "61rBZ_4knHblO0MNoxFsXZ_eTFUHum0B6IVRbhvUn5I");
}

TEST_F(DnsSolverTest, makes_the_record_and_takes_it_away) {
  std::optional<base::Result<>> outcome;
  present(challenge("www.example.com", "a"), outcome);
  EXPECT_FALSE(outcome.has_value());
  publisher_->finish();
  EXPECT_TRUE(wait_for(outcome).has_value());
  solver_->clean_up(challenge("www.example.com", "a"), into(outcome));
  publisher_->finish();
  EXPECT_TRUE(wait_for(outcome).has_value());
  const std::string what = " _acme-challenge.www.example.com in example.com " + dns_challenge_text("a");
  EXPECT_EQ(publisher_->asked, (std::vector{"present" + what, "cleanup" + what}));
}

TEST_F(DnsSolverTest, writes_where_aliases_lead) {
  std::optional<base::Result<>> outcome;
  present(challenge("alias.example.com", "a"), outcome);
  EXPECT_EQ(publisher_->asked.at(0), "present x.auth.example.net in auth.example.net " + dns_challenge_text("a"));
}

TEST_F(DnsSolverTest, keeps_values_of_one_name_apart) {
  std::optional<base::Result<>> apex;
  std::optional<base::Result<>> wildcard;
  present(challenge("example.com", "a"), apex);
  present(challenge("example.com", "b"), wildcard);
  publisher_->finish();
  publisher_->finish();
  EXPECT_TRUE(wait_for(apex).has_value());
  EXPECT_TRUE(wait_for(wildcard).has_value());
  solver_->clean_up(challenge("example.com", "a"), into(apex));
  ASSERT_EQ(publisher_->asked.size(), 3U);
  EXPECT_TRUE(publisher_->asked[2].ends_with(dns_challenge_text("a")));
}

TEST_F(DnsSolverTest, leaves_a_value_that_another_order_still_needs) {
  std::optional<base::Result<>> one;
  std::optional<base::Result<>> two;
  present(challenge("example.com", "a"), one);
  present(challenge("example.com", "a"), two);
  publisher_->finish();
  publisher_->finish();
  solver_->clean_up(challenge("example.com", "a"), into(one));
  EXPECT_TRUE(wait_for(one).has_value());
  EXPECT_EQ(publisher_->asked.size(), 2U);
  solver_->clean_up(challenge("example.com", "a"), into(two));
  EXPECT_EQ(publisher_->asked.size(), 3U);
}

TEST_F(DnsSolverTest, cleans_up_what_may_have_been_made_in_spite_of_an_error) {
  std::optional<base::Result<>> outcome;
  present(challenge("example.com", "a"), outcome);
  publisher_->finish(base::fail({.code = dns::kAnswerUnproven, .what = "perhaps"}));
  EXPECT_EQ(wait_for(outcome).error().code, dns::kAnswerUnproven);
  solver_->clean_up(challenge("example.com", "a"), into(outcome));
  EXPECT_EQ(publisher_->asked.size(), 2U);
}

TEST_F(DnsSolverTest, has_nothing_to_clean_up_where_no_zone_was_found) {
  std::optional<base::Result<>> outcome;
  present(challenge("example.invalid", "a"), outcome);
  EXPECT_EQ(wait_for(outcome).error().code, dns::kNoZone);
  solver_->clean_up(challenge("example.invalid", "a"), into(outcome));
  EXPECT_FALSE(outcome.has_value());
  EXPECT_TRUE(wait_for(outcome).has_value());
  EXPECT_TRUE(publisher_->asked.empty());
}

TEST_F(DnsSolverTest, refuses_addresses_and_never_from_within) {
  std::optional<base::Result<>> outcome;
  solver_->present(challenge("192.0.2.1", "a"), into(outcome));
  EXPECT_FALSE(outcome.has_value());
  EXPECT_EQ(wait_for(outcome).error().code, kNameNotInDns);
}

TEST_F(DnsSolverTest, tells_nobody_once_it_is_destroyed) {
  solver_->present(challenge("example.com", "a"), [](const auto&) { ADD_FAILURE(); });
  solver_->present(challenge("192.0.2.1", "a"), [](const auto&) { ADD_FAILURE(); });
  solver_.reset();
  for (int i = 0; i < 5; ++i) loop_->turn(loop_->now() + std::chrono::milliseconds(5));
}

}  // namespace
}  // namespace gate::acme

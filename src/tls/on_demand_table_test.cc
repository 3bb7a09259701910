#include "tls/on_demand_table.h"

#include <gtest/gtest.h>

#include "tls/codes.h"
#include "tls/held_credential.h"
#include "tls/pair_for_test.h"

namespace gate::tls {
namespace {

using namespace std::chrono_literals;
using for_test::Certificates;
using for_test::make_client;
using for_test::Pair;

class Asker final : public NameAsker {
 public:
  void ask(const std::string& name) override { asked.push_back(name); }
  std::vector<std::string> asked;
};

class SetClock final : public base::Clock {
 public:
  base::Instant now() const override { return at; }
  base::WallTime wall() const override { return {}; }
  base::Instant at{1h};
};

cert::Credential issue(const std::string& name) {
  return cert::for_test::leaf(Certificates::shared().root, {name}, Certificates::shared().now);
}

class OnDemandTableTest : public testing::Test {
 protected:
  Asker asker_;
  SetClock clock_;
  OnDemandTable table_{asker_, clock_};
};

TEST_F(OnDemandTableTest, asks_once_for_a_name_however_many_want_it) {
  for (int i = 0; i < 50; ++i) EXPECT_EQ(table_.seek("a.example.com"), NameStanding::kAsked);
  EXPECT_EQ(asker_.asked, std::vector<std::string>{"a.example.com"});
  table_.note("a.example.com", NameStanding::kLate, {});
  EXPECT_EQ(table_.seek("a.example.com"), NameStanding::kLate);
  EXPECT_EQ(asker_.asked.size(), 1U);
}

TEST_F(OnDemandTableTest, a_refusal_holds_for_its_time) {
  table_.seek("a.example.com");
  table_.note("a.example.com", NameStanding::kRefused, clock_.at + 1min);
  EXPECT_EQ(table_.seek("a.example.com"), NameStanding::kRefused);
  clock_.at += 1min;
  EXPECT_EQ(table_.seek("a.example.com"), NameStanding::kAsked);
  EXPECT_EQ(asker_.asked.size(), 2U);
  table_.note("a.example.com", NameStanding::kFailed, clock_.at + 1min);
  table_.forget_refusals();
  EXPECT_EQ(table_.seek("a.example.com"), NameStanding::kAsked);
}

TEST_F(OnDemandTableTest, nobody_is_asked_while_it_pauses) {
  table_.pause(clock_.at + 10s);
  EXPECT_EQ(table_.seek("a.example.com"), NameStanding::kBusy);
  EXPECT_TRUE(asker_.asked.empty());
  clock_.at += 10s;
  EXPECT_EQ(table_.seek("a.example.com"), NameStanding::kAsked);
}

TEST_F(OnDemandTableTest, a_flood_of_names_is_bounded) {
  for (int i = 0; i < 10'000; ++i) table_.seek("n" + std::to_string(i) + ".example.com");
  EXPECT_EQ(asker_.asked.size(), OnDemandTable::kAskedMax);
  EXPECT_EQ(table_.seek("one.more.example.com"), NameStanding::kBusy);
  EXPECT_EQ(table_.seek("n0.example.com"), NameStanding::kAsked);
}

TEST_F(OnDemandTableTest, asks_for_nothing_that_is_no_name_of_the_dns) {
  for (const std::string name : {"", "localhost", "192.0.2.1", "2001:db8::1", "*.example.com", "a..example.com",
                                 "-a.example.com", "a-.example.com", "a_b.example.com", "a b.example.com",
                                 "../../etc/passwd", "a.example.com/x", "a.example.com."}) {
    EXPECT_EQ(table_.seek(name), NameStanding::kRefused) << name;
  }
  EXPECT_EQ(table_.seek(std::string(250, 'a') + ".com"), NameStanding::kRefused);
  EXPECT_TRUE(asker_.asked.empty());
}

TEST_F(OnDemandTableTest, tells_which_names_were_used_since_it_was_last_asked) {
  table_.serve("a.example.com", issue("a.example.com"));
  table_.serve("b.example.com", issue("b.example.com"));
  EXPECT_TRUE(table_.take_used().empty());
  ASSERT_NE(table_.find("a.example.com"), nullptr);
  EXPECT_EQ(table_.take_used(), std::vector<std::string>{"a.example.com"});
  EXPECT_TRUE(table_.take_used().empty());
  table_.forget("a.example.com");
  EXPECT_EQ(table_.find("a.example.com"), nullptr);
  EXPECT_EQ(table_.size(), 1U);
}

// A site with a name of its own, a wildcard and everything else.
class OnDemandHandshake : public testing::Test {
 protected:
  OnDemandHandshake() {
    auto settings = for_test::example_settings();
    settings.sites.front().names.push_back("*.customers.example.com");
    settings.sites.front().is_default = true;
    settings.sites.front().on_demand = true;
    context_ = for_test::make_server(settings);
    context_->use_on_demand(table_);
  }
  Pair ask_for(const std::string& name, ClientSettings settings = {}) {
    return Pair(context_, make_client(settings), ClientTarget{name});
  }
  // As far as the server comes with what the client says first.
  static Step greet(Pair& pair) {
    pair.client.handshake();
    for_test::carry(pair.client, pair.server);
    pair.server.handshake();
    return pair.server.step;
  }

  Asker asker_;
  SetClock clock_;
  std::shared_ptr<OnDemandTable> table_ = std::make_shared<OnDemandTable>(asker_, clock_);
  std::shared_ptr<ServerContext> context_;
};

TEST_F(OnDemandHandshake, waits_for_its_certificate_and_goes_on_with_it) {
  for (const std::uint16_t version : {kTls12, kTls13}) {
    const std::string name = version == kTls12 ? "old.customers.example.com" : "shop.example.net";
    auto pair = ask_for(name, {.version_max = version});
    ASSERT_EQ(greet(pair), Step::kNeedName);
    EXPECT_TRUE(pair.server.sent.empty());
    pair.server.handshake();
    EXPECT_EQ(pair.server.step, Step::kNeedName) << "nothing has changed";
    table_->serve(name, issue(name));
    EXPECT_TRUE(pair.handshake());
    EXPECT_EQ(pair.facts().version, version);
    EXPECT_EQ(pair.facts().server_name, name);
    EXPECT_EQ(pair.client.engine.peer_certificate()->dns_names(), std::vector{name});
  }
  EXPECT_EQ(asker_.asked, (std::vector<std::string>{"old.customers.example.com", "shop.example.net"}));
}

TEST_F(OnDemandHandshake, the_site_s_own_name_and_no_name_have_its_certificate) {
  auto named = ask_for("example.com");
  EXPECT_TRUE(named.handshake());
  auto nameless = ask_for("");
  greet(nameless);
  EXPECT_NE(nameless.server.step, Step::kFailed);
  EXPECT_NE(nameless.server.step, Step::kNeedName);
  EXPECT_TRUE(asker_.asked.empty());
}

TEST_F(OnDemandHandshake, ends_with_an_alert_when_the_name_is_refused_meanwhile) {
  auto pair = ask_for("shop.example.net");
  ASSERT_EQ(greet(pair), Step::kNeedName);
  table_->note("shop.example.net", NameStanding::kRefused, clock_.at + 1min);
  EXPECT_FALSE(pair.handshake());
  EXPECT_EQ(pair.server_failure(), kNameNotPermitted);
  EXPECT_EQ(pair.client_failure(), kAlertReceived);
  auto next = ask_for("shop.example.net");
  EXPECT_EQ(greet(next), Step::kFailed) << "at once";
}

TEST_F(OnDemandHandshake, ends_when_it_may_wait_no_longer_and_the_next_one_finds_it) {
  auto pair = ask_for("shop.example.net");
  ASSERT_EQ(greet(pair), Step::kNeedName);
  pair.server.engine.stop_waiting();
  EXPECT_FALSE(pair.handshake());
  EXPECT_EQ(pair.server_failure(), kCertificateUnderWay);
  table_->serve("shop.example.net", issue("shop.example.net"));
  auto next = ask_for("shop.example.net");
  EXPECT_TRUE(next.handshake());
}

TEST_F(OnDemandHandshake, each_standing_has_its_error) {
  const auto failure_at = [&](NameStanding standing) {
    table_->seek("shop.example.net");
    table_->note("shop.example.net", standing, clock_.at + 1min);
    auto pair = ask_for("shop.example.net");
    EXPECT_EQ(greet(pair), Step::kFailed);
    table_->forget_refusals();
    return pair.server_failure();
  };
  EXPECT_EQ(failure_at(NameStanding::kLate), kCertificateUnderWay);
  EXPECT_EQ(failure_at(NameStanding::kRefused), kNameNotPermitted);
  EXPECT_EQ(failure_at(NameStanding::kFailed), kCertificateNotIssued);
  EXPECT_EQ(failure_at(NameStanding::kBusy), kTooManyNewNames);
}

TEST_F(OnDemandHandshake, is_resumed_by_its_name_and_by_no_other) {
  table_->serve("a.customers.example.com", issue("a.customers.example.com"));
  table_->serve("b.customers.example.com", issue("b.customers.example.com"));
  const auto client = make_client();
  Pair first(context_, client, {"a.customers.example.com"});
  ASSERT_TRUE(first.handshake());
  first.to_client("x");
  const auto session = first.client.engine.take_session();
  ASSERT_TRUE(session);
  Pair again(context_, client, {.server_name = "a.customers.example.com", .session = &*session});
  ASSERT_TRUE(again.handshake());
  EXPECT_TRUE(again.facts().resumed);
  Pair other(context_, client, {.server_name = "b.customers.example.com", .session = &*session});
  ASSERT_TRUE(other.handshake());
  EXPECT_FALSE(other.facts().resumed);
}

TEST_F(OnDemandHandshake, a_connection_that_began_before_goes_on_when_its_certificate_is_replaced) {
  table_->serve("shop.example.net", issue("shop.example.net"));
  auto pair = ask_for("shop.example.net");
  pair.client.handshake();
  for_test::carry(pair.client, pair.server);
  pair.server.handshake();
  table_->serve("shop.example.net", issue("shop.example.net"));
  table_->forget("shop.example.net");
  for_test::carry(pair.server, pair.client);
  EXPECT_TRUE(pair.handshake());
}

TEST_F(OnDemandHandshake, its_secrets_are_told_when_the_server_tells_them) {
  table_->serve("shop.example.net", issue("shop.example.net"));
  std::string log;
  auto settings = for_test::example_settings();
  settings.sites.front().is_default = settings.sites.front().on_demand = true;
  settings.key_log = [&log](std::string_view line) { log += line; };
  const auto telling = for_test::make_server(settings);
  telling->use_on_demand(table_);
  Pair pair(telling, make_client(), {"shop.example.net"});
  ASSERT_TRUE(pair.handshake());
  EXPECT_NE(log.find("CLIENT_TRAFFIC_SECRET_0"), std::string::npos);
  Pair silent(context_, make_client(), {"shop.example.net"});  // of the context before, which tells nothing
  EXPECT_TRUE(silent.handshake());
}

TEST(OnDemandSite, may_be_without_a_certificate) {
  Asker asker;
  const for_test::Clock clock;
  auto settings = for_test::example_settings();
  settings.sites.push_back({.names = {"*.customers.example.com"}, .on_demand = true});
  const auto context = for_test::make_server(settings);
  const auto table = std::make_shared<OnDemandTable>(asker, clock);
  context->use_on_demand(table);
  table->serve("a.customers.example.com", issue("a.customers.example.com"));
  Pair pair(context, make_client(), {"a.customers.example.com"});
  EXPECT_TRUE(pair.handshake());
  Pair other(context, make_client(), {"example.com"});
  EXPECT_TRUE(other.handshake());
}

}  // namespace
}  // namespace gate::tls

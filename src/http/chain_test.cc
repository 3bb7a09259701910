#include "http/chain.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "http/explanation.h"
#include "http/testing/fake_exchange.h"

namespace gate::http {
namespace {

using testing::FakeClock;
using testing::FakeExchange;

// Writes its name down and answers, or lets the request pass.
class NotingPlan final : public ServicePlan {
 public:
  NotingPlan(std::string& seen, std::string name, Flow flow) : seen_(seen), name_(std::move(name)), flow_(flow) {}

  std::unique_ptr<Service> build(const ServiceEnvironment&) const override { return std::make_unique<Noting>(*this); }
  bool takes_all() const override { return flow_ == Flow::kTaken; }

 private:
  class Noting final : public Service {
   public:
    explicit Noting(const NotingPlan& plan) : plan_(plan) {}
    Flow handle(Exchange& exchange) override {
      plan_.seen_ += plan_.name_;
      if (plan_.flow_ == Flow::kTaken) exchange.respond();
      return plan_.flow_;
    }

   private:
    const NotingPlan& plan_;
  };

  std::string& seen_;
  std::string name_;
  Flow flow_;
};

class ChainTest : public ::testing::Test {
 protected:
  ChainPlan::Statement statement(std::string name, Flow flow, std::string_view pattern = "*") {
    PathIs path;
    path.patterns.push_back(Glob::compile(pattern, Glob::Of::kPath).value());
    Matcher matcher;
    matcher.require(std::move(path));
    auto plan = std::make_unique<NotingPlan>(seen_, name, flow);
    return {.matcher = std::move(matcher), .plan = std::move(plan), .rule = std::move(name)};
  }

  FakeClock clock_;
  std::string seen_;
  ChainPlan plan_;
};

TEST_F(ChainTest, asks_statements_from_top_to_bottom_until_one_takes_the_request) {
  plan_.add(statement("a", Flow::kNext));
  plan_.add(statement("b", Flow::kTaken));
  plan_.add(statement("c", Flow::kTaken));
  const auto chain = plan_.build({clock_});
  FakeExchange fake;
  EXPECT_EQ(fake.run(*chain), Flow::kTaken);
  EXPECT_EQ(seen_, "ab");
  EXPECT_EQ(fake.exchange().rule, "b");
  EXPECT_EQ(fake.responses(), 1);
}

TEST_F(ChainTest, passes_by_statements_that_do_not_match) {
  plan_.add(statement("a", Flow::kTaken, "/x"));
  plan_.add(statement("b", Flow::kTaken));
  const auto chain = plan_.build({clock_});
  EXPECT_EQ(FakeExchange({.target = "/y"}).run(*chain), Flow::kTaken);
  EXPECT_EQ(seen_, "b");
}

TEST_F(ChainTest, goes_on_behind_a_route_that_does_not_take_the_request) {
  auto inner = std::make_unique<ChainPlan>();
  inner->add(statement("x", Flow::kNext));
  plan_.add({.matcher = {}, .plan = std::move(inner), .rule = {}});
  plan_.add(statement("b", Flow::kTaken));
  const auto chain = plan_.build({clock_});
  FakeExchange fake;
  EXPECT_EQ(fake.run(*chain), Flow::kTaken);
  EXPECT_EQ(seen_, "xb");
  EXPECT_EQ(fake.exchange().rule, "b");
}

TEST_F(ChainTest, names_the_statement_inside_a_route_as_the_rule) {
  auto inner = std::make_unique<ChainPlan>();
  inner->add(statement("x", Flow::kTaken));
  plan_.add({.matcher = {}, .plan = std::move(inner), .rule = {}});
  const auto chain = plan_.build({clock_});
  FakeExchange fake;
  EXPECT_EQ(fake.run(*chain), Flow::kTaken);
  EXPECT_EQ(fake.exchange().rule, "x");
}

TEST_F(ChainTest, names_no_rule_when_nothing_took_the_request) {
  plan_.add(statement("a", Flow::kNext));
  const auto chain = plan_.build({clock_});
  FakeExchange fake;
  EXPECT_EQ(fake.run(*chain), Flow::kNext);
  EXPECT_EQ(fake.exchange().rule, "");
  EXPECT_EQ(fake.responses(), 0);
}

TEST_F(ChainTest, takes_all_only_by_a_statement_without_conditions) {
  EXPECT_FALSE(plan_.takes_all());
  plan_.add(statement("a", Flow::kNext));
  EXPECT_FALSE(plan_.takes_all());
  plan_.add(statement("b", Flow::kTaken, "/x"));
  EXPECT_FALSE(plan_.takes_all());
  plan_.add(statement("c", Flow::kTaken));
  EXPECT_TRUE(plan_.takes_all());
}

TEST_F(ChainTest, explains_the_way_of_a_request_from_top_to_bottom) {
  auto inner = std::make_unique<ChainPlan>();
  inner->add(statement("x", Flow::kNext));
  auto unnamed = std::make_unique<ChainPlan>();
  unnamed->add(statement("a", Flow::kTaken, "/only"));
  unnamed->add({.matcher = {}, .plan = std::move(inner), .rule = "route"});
  unnamed->add(statement("b", Flow::kTaken));
  unnamed->add(statement("c", Flow::kTaken));
  plan_.add({.matcher = {}, .plan = std::move(unnamed), .rule = {}});
  const ServiceEnvironment environment{clock_};
  Explanation explanation(environment, nullptr);
  FakeExchange fake({.target = "/y"});
  EXPECT_EQ(plan_.explain(fake.exchange(), explanation), Flow::kTaken);
  EXPECT_EQ(seen_, "xb");
  const auto& steps = explanation.steps();
  ASSERT_EQ(steps.size(), 4U);
  EXPECT_EQ(steps[0].rule, "a");
  EXPECT_EQ(steps[0].unmet, "path /only");
  EXPECT_EQ(steps[1].rule, "route");
  EXPECT_EQ(steps[1].depth, 0U);
  EXPECT_EQ(steps[1].flow, Flow::kNext);
  EXPECT_EQ(steps[2].rule, "x");
  EXPECT_EQ(steps[2].depth, 1U);
  EXPECT_EQ(steps[3].rule, "b");
  EXPECT_EQ(steps[3].flow, Flow::kTaken);
  EXPECT_EQ(steps[3].notes, std::vector<std::string>{"answers with 200"});
}

// A service that lets requests pass, and hands them on to what stands behind it when it is told to.
class LaterPlan final : public ServicePlan {
 public:
  explicit LaterPlan(Service*& rest) : rest_(rest) {}
  std::unique_ptr<Service> build(const ServiceEnvironment&) const override { return std::make_unique<Later>(rest_); }

 private:
  class Later final : public Service {
   public:
    explicit Later(Service*& rest) : rest_(rest) {}
    Flow handle(Exchange&) override { return Flow::kTaken; }
    void precede(Service& rest) override { rest_ = &rest; }

   private:
    Service*& rest_;
  };

  Service*& rest_;
};

TEST_F(ChainTest, lets_a_service_hand_requests_on_to_what_stands_behind_it_also_behind_its_own_route) {
  Service* rest = nullptr;
  auto inner = std::make_unique<ChainPlan>();
  inner->add({.matcher = {}, .plan = std::make_unique<LaterPlan>(rest), .rule = "later"});
  inner->add(statement("b", Flow::kNext));
  plan_.add(statement("a", Flow::kNext));
  plan_.add({.matcher = {}, .plan = std::move(inner), .rule = {}});
  plan_.add(statement("c", Flow::kTaken, "/c"));
  const auto chain = plan_.build({clock_});
  ASSERT_NE(rest, nullptr);
  FakeExchange taken({.target = "/c"});
  EXPECT_EQ(taken.run(*rest), Flow::kTaken);
  EXPECT_EQ(seen_, "bc");
  EXPECT_EQ(taken.exchange().rule, "c");
  FakeExchange left({.target = "/d"});
  EXPECT_EQ(left.run(*rest), Flow::kNext);
}

// A service that gives requests another path and lets them pass.
class RewritingPlan final : public ServicePlan {
 public:
  std::unique_ptr<Service> build(const ServiceEnvironment&) const override { return std::make_unique<Rewriting>(); }

 private:
  class Rewriting final : public Service {
   public:
    Flow handle(Exchange& exchange) override {
      exchange.request.path = "/new";
      return Flow::kNext;
    }
  };
};

TEST_F(ChainTest, asks_those_behind_a_statement_for_the_path_that_it_has_left) {
  plan_.add(statement("a", Flow::kNext, "/new"));
  plan_.add({.matcher = {}, .plan = std::make_unique<RewritingPlan>(), .rule = {}});
  plan_.add(statement("b", Flow::kTaken, "/old"));
  plan_.add(statement("c", Flow::kTaken, "/new"));
  const auto chain = plan_.build({clock_});
  EXPECT_EQ(FakeExchange({.target = "/old"}).run(*chain), Flow::kTaken);
  EXPECT_EQ(seen_, "c");
}

}  // namespace
}  // namespace gate::http

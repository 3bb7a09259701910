#include "http/exchange.h"

#include <gtest/gtest.h>

#include <string>

namespace gate::http {
namespace {

class Driver final : public ExchangeDriver {
 public:
  void response_ready(Exchange&) override { ++ready; }
  BodySource& request_body(Exchange& exchange) override {
    body = exchange.make_text_body("");
    return *body;
  }

  int ready = 0;
  BodyPtr body;
};

class Pages final : public ErrorPages {
 public:
  void render(Exchange& exchange) const override { exchange.response.body = exchange.make_text_body("page"); }
};

// Notes in which order filters ran.
class Note final : public ResponseFilter {
 public:
  Note(std::string& log, char name) : log_(log), name_(name) {}
  void filter(Exchange&) override { log_ += name_; }

 private:
  std::string& log_;
  char name_;
};

class ExchangeTest : public testing::Test {
 protected:
  std::string read_response(std::size_t piece) {
    std::string text;
    std::string room(piece, '\0');
    BodyRead read;
    do {
      read = exchange_.response.body->read(std::as_writable_bytes(std::span(room)));
      text.append(room, 0, read.count);
    } while (read.state == BodyRead::State::kData);
    return text;
  }

  Driver driver_;
  base::BlockPool blocks_;
  ConnectionInfo connection_;
  Limits limits_;
  Exchange exchange_{driver_, blocks_, connection_, limits_};
};

TEST_F(ExchangeTest, hands_a_response_to_the_driver) {
  EXPECT_FALSE(exchange_.responded());
  exchange_.respond();
  EXPECT_TRUE(exchange_.responded());
  EXPECT_EQ(driver_.ready, 1);
}

TEST_F(ExchangeTest, runs_filters_in_the_reverse_order_of_their_registration) {
  std::string log;
  Note first(log, '1');
  Note second(log, '2');
  exchange_.add_filter(first);
  exchange_.add_filter(second);
  exchange_.respond();
  EXPECT_EQ(log, "21");
}

TEST_F(ExchangeTest, responding_twice_is_a_bug) {
  exchange_.respond();
  EXPECT_DEATH(exchange_.respond(), "responded_");
}

TEST_F(ExchangeTest, runs_defaults_first_and_changes_last_in_their_order) {
  std::string log;
  Note defaults(log, 'd');
  Note filter(log, 'f');
  Note first(log, '1');
  Note second(log, '2');
  exchange_.add_change(first);
  exchange_.add_filter(filter);
  exchange_.add_change(second);
  exchange_.defaults = &defaults;
  exchange_.respond();
  EXPECT_EQ(log, "df12");
}

TEST_F(ExchangeTest, refusal_replaces_the_body_by_the_page) {
  const Pages pages;
  exchange_.error_pages = &pages;
  exchange_.response.body = exchange_.make_text_body("secret");
  exchange_.refuse({403, {5000}, "because"});
  EXPECT_EQ(exchange_.response.status, 403);
  ASSERT_NE(exchange_.refusal, nullptr);
  EXPECT_EQ(exchange_.refusal->reason, "because");
  EXPECT_EQ(read_response(100), "page");
}

TEST_F(ExchangeTest, refusal_without_pages_has_no_body) {
  exchange_.response.body = exchange_.make_text_body("secret");
  exchange_.refuse({403, {}, "because"});
  EXPECT_EQ(exchange_.response.body, nullptr);
  EXPECT_EQ(driver_.ready, 1);
}

TEST_F(ExchangeTest, text_body_yields_its_text_in_pieces) {
  exchange_.response.body = exchange_.make_text_body("hello");
  EXPECT_EQ(exchange_.response.body->length(), 5U);
  EXPECT_EQ(read_response(2), "hello");
}

TEST_F(ExchangeTest, names_every_outcome) {
  for (const auto outcome : {Outcome::kPending, Outcome::kComplete, Outcome::kClientGone, Outcome::kClientTimeout,
                             Outcome::kResponseFailed, Outcome::kServerClosed}) {
    EXPECT_NE(to_string(outcome), "unknown");
  }
}

}  // namespace
}  // namespace gate::http

#include "http/exchange.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "http/testing/fake_exchange.h"
#include "http/testing/tunnel_service.h"
#include "http/upgrade.h"

namespace gate::http {
namespace {

class Driver final : public ExchangeDriver {
 public:
  void response_ready(Exchange&) override { ++ready; }
  BodySource& request_body(Exchange& exchange) override {
    body = exchange.make_text_body("");
    return *body;
  }

  void inform(Exchange&, std::uint16_t status, const FieldList&) override { informed.push_back(status); }

  int ready = 0;
  BodyPtr body;
  std::vector<std::uint16_t> informed;
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

class ExchangeTest : public ::testing::Test {
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

TEST_F(ExchangeTest, refusal_is_no_tunnel) {
  exchange_.response.tunnel = true;
  exchange_.refuse({403, {}, "because"});
  EXPECT_FALSE(exchange_.response.tunnel);
}

TEST_F(ExchangeTest, success_of_connect_is_a_tunnel_or_none) {
  exchange_.request.method = Method::kConnect;
  exchange_.response.body = exchange_.make_text_body("a page for any method");
  exchange_.respond();
  EXPECT_EQ(exchange_.response.status, 501);
  EXPECT_EQ(exchange_.response.body, nullptr);
  EXPECT_EQ(driver_.ready, 1);
}

TEST_F(ExchangeTest, tunnel_is_not_encoded) {
  exchange_.request.method = Method::kConnect;
  exchange_.response.tunnel = true;
  exchange_.respond();
  EXPECT_EQ(exchange_.response.status, 200);
  EXPECT_FALSE(exchange_.response.may_encode);
}

class Interim : public ExchangeTest {
 protected:
  void inform(std::uint16_t status, std::string_view name = "link", std::string_view value = "</a.css>") {
    FieldList fields(exchange_.arena());
    fields.add(name, value);
    exchange_.inform(status, fields);
  }
};

TEST_F(Interim, responses_go_to_the_driver_before_the_final_one) {
  inform(103);
  inform(102);
  exchange_.respond();
  inform(103);
  EXPECT_EQ(driver_.informed, (std::vector<std::uint16_t>{103, 102}));
}

TEST_F(Interim, responses_are_not_for_http_1_0) {
  exchange_.request.version = Version::kHttp10;
  inform(103);
  EXPECT_TRUE(driver_.informed.empty());
}

TEST_F(Interim, responses_are_1xx_and_no_switch_of_protocols) {
  for (const auto status : std::initializer_list<std::uint16_t>{0, 99, 101, 200, 404}) inform(status);
  EXPECT_TRUE(driver_.informed.empty());
  inform(100);
  inform(199);
  EXPECT_EQ(driver_.informed.size(), 2U);
}

TEST_F(Interim, responses_that_would_split_the_final_one_are_left_out) {
  inform(103, "link", "a\r\n\r\nHTTP/1.1 200 OK");
  inform(103, "li nk", "a");
  EXPECT_TRUE(driver_.informed.empty());
}

TEST_F(Interim, responses_are_bounded) {
  limits_.interim_bytes_max = 1000;
  for (int i = 0; i < 100; ++i) inform(103);  // 42 for the status, 12 for the line, 32 for its overhead
  EXPECT_EQ(driver_.informed.size(), 11U);
}

TEST(FakeExchange, carries_both_directions_of_a_tunnel) {
  for (const bool extended : {false, true}) {
    testing::FakeExchange fake(extended ? testing::FakeRequest{.protocol = "websocket"}
                                        : testing::FakeRequest{.upgrade = "websocket"});
    EXPECT_EQ(upgrade_of(fake.request()), extended ? "" : "websocket");
    EXPECT_EQ(fake.request().protocol, extended ? "websocket" : "");
    auto& exchange = fake.exchange();
    exchange.response.body = exchange.make_body<testing::EchoBody>(exchange.request_body());
    exchange.response.tunnel = true;
    exchange.respond();
    fake.client().add("hello");
    EXPECT_EQ(fake.read_body(), "hello");
    EXPECT_EQ(fake.last_read(), BodyRead::State::kWait);
    fake.client().end();
    EXPECT_EQ(fake.read_body(), "");
    EXPECT_EQ(fake.last_read(), BodyRead::State::kEnd);
  }
}

TEST(FakeExchange, keeps_interim_responses) {
  testing::FakeExchange fake;
  FieldList fields(fake.exchange().arena());
  fields.add("link", "</a.css>");
  fake.exchange().inform(103, fields);
  ASSERT_EQ(fake.informed().size(), 1U);
  EXPECT_EQ(fake.informed()[0].status, 103);
  EXPECT_EQ(fake.informed()[0].fields[0].second, "</a.css>");
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

#include "client/attempts.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>

#include "http/testing/fake_exchange.h"
#include "http/testing/test_call.h"
#include "loop/loop.h"

namespace gate::client {
namespace {

using namespace std::chrono_literals;
using http::testing::FakeClock;
using http::testing::FakeExchange;
using http::testing::TestCall;

constexpr http::CallFailure kRefused{http::CallFault::kConnectionRefused, http::Delivered::kNothing, "refused"};

class AttemptsTest : public testing::Test {
 protected:
  std::uint64_t faults(const ServerRecord& record, http::CallFault fault) const {
    return record.faults[static_cast<std::size_t>(fault)].value();
  }

  FakeClock clock_;
  std::unique_ptr<loop::Loop> loop_ = *loop::Loop::create(clock_);
  ServerRecord first_{"http://a:1"};
  ServerRecord second_{"http://b:1"};
  FakeExchange fake_;
  TestCall test_call_;
};

TEST_F(AttemptsTest, are_written_down_at_the_exchange_and_in_the_records) {
  Attempts attempts(fake_.exchange(), *loop_);
  attempts.begin(first_);
  EXPECT_EQ(first_.in_flight, 1U);
  attempts.failed(test_call_.call, kRefused);
  attempts.end();
  attempts.begin(second_);
  test_call_.call.response.status = 201;
  attempts.responded(test_call_.call);
  attempts.end();

  const auto told = fake_.exchange().upstream->view();
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0].server, "http://a:1");
  EXPECT_EQ(told[0].fault, http::CallFault::kConnectionRefused);
  EXPECT_EQ(told[0].reason, "refused");
  EXPECT_EQ(told[1].status, 201);
  EXPECT_FALSE(told[1].fault);
  EXPECT_EQ(first_.in_flight, 0U);
  EXPECT_EQ(first_.retries.value(), 0U);
  EXPECT_EQ(first_.responses[observe::StatusClass::kNone].value(), 1U);
  EXPECT_EQ(faults(first_, http::CallFault::kConnectionRefused), 1U);
  EXPECT_EQ(second_.retries.value(), 1U);
  EXPECT_EQ(second_.responses[observe::StatusClass::k2xx].value(), 1U);
}

TEST_F(AttemptsTest, keep_the_status_of_a_response_that_breaks_off) {
  Attempts attempts(fake_.exchange(), *loop_);
  attempts.begin(first_);
  test_call_.call.response.status = 200;
  attempts.responded(test_call_.call);
  attempts.failed(test_call_.call, {http::CallFault::kResponseIncomplete, http::Delivered::kAnswered, "cut"});
  attempts.end();
  const auto& told = fake_.exchange().upstream->view()[0];
  EXPECT_EQ(told.status, 200);
  EXPECT_EQ(told.fault, http::CallFault::kResponseIncomplete);
  EXPECT_EQ(first_.responses[observe::StatusClass::k2xx].value(), 1U);
  EXPECT_EQ(faults(first_, http::CallFault::kResponseIncomplete), 1U);
  observe::HistogramSnapshot queue;
  first_.queue_time.add_to(queue);
  EXPECT_EQ(queue.count, 1U) << "a wait is counted once";
}

TEST_F(AttemptsTest, end_with_the_exchange) {
  {
    Attempts attempts(fake_.exchange(), *loop_);
    attempts.begin(first_);
    EXPECT_TRUE(attempts.under_way());
  }
  EXPECT_EQ(first_.in_flight, 0U);
  EXPECT_EQ(first_.responses[observe::StatusClass::kNone].value(), 1U);
}

}  // namespace
}  // namespace gate::client

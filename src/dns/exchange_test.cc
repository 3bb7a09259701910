#include "dns/exchange.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dns/codes.h"
#include "dns/fake_server_for_test.h"
#include "dns/rdata.h"

namespace gate::dns {
namespace {

using namespace std::chrono_literals;

const Name kName = Name::parse("example.com").value();

std::string text_answer(base::ByteView request, std::string_view text) {
  return encode(answer_to(request, {{kName, Type::kTxt, Class::kInternet, 60, text_data(text)}}));
}

class ExchangeTest : public DnsTest {
 protected:
  Request request(std::vector<base::Endpoint> servers) {
    Request request{.message = {}, .servers = std::move(servers)};
    request.message.questions = {{kName, Type::kTxt}};
    return request;
  }

  // Asks, and gives the loop turns until there is an outcome; a server that keeps silent costs no time.
  base::Result<Answer> ask(Request request) {
    std::optional<base::Result<Answer>> outcome;
    Exchange exchange(context_);
    exchange.start(std::move(request), [&](base::Result<Answer> result) { outcome = std::move(result); });
    EXPECT_FALSE(outcome.has_value());
    return wait_for(outcome);
  }

  std::string asked_text(const std::vector<base::Endpoint>& servers) {
    const auto answer = ask(request(servers));
    return answer ? text_in(answer->message.answers.at(0)).value_or("no text") : render(answer.error());
  }
};

TEST_F(ExchangeTest, gives_the_answer_and_who_gave_it) {
  FakeServer server(*loop_, [](base::ByteView asked, bool) { return Answers{text_answer(asked, "yes")}; });
  const auto answer = ask(request({server.endpoint()}));
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->from, server.endpoint());
  EXPECT_EQ(text_in(answer->message.answers.at(0)), "yes");
}

TEST_F(ExchangeTest, asks_over_tcp_what_does_not_fit_udp) {
  FakeServer server(*loop_, [](base::ByteView asked, bool tcp) {
    Message cut = answer_to(asked);
    cut.truncated = true;
    return Answers{tcp ? text_answer(asked, "long") : encode(cut)};
  });
  EXPECT_EQ(asked_text({server.endpoint()}), "long");
}

TEST_F(ExchangeTest, passes_over_datagrams_that_are_no_answer) {
  FakeServer server(*loop_, [](base::ByteView asked, bool) {
    Message other_id = answer_to(asked);
    other_id.id ^= 1;
    Message other_question = answer_to(asked);
    other_question.questions[0].name = Name::parse("example.net").value();
    Message no_answer = answer_to(asked);
    no_answer.response = false;
    return Answers{
        "", "garbage", encode(other_id), encode(other_question), encode(no_answer), text_answer(asked, "yes")};
  });
  EXPECT_EQ(asked_text({server.endpoint()}), "yes");
}

TEST_F(ExchangeTest, asks_again_with_another_id) {
  std::vector<std::uint16_t> ids;
  FakeServer server(*loop_, [&](base::ByteView asked, bool) {
    ids.push_back(decode(asked)->id);
    return ids.size() == 1 ? Answers{} : Answers{text_answer(asked, "yes")};
  });
  EXPECT_EQ(asked_text({server.endpoint()}), "yes");
  ASSERT_EQ(ids.size(), 2U);
  EXPECT_NE(ids[0], ids[1]);
}

TEST_F(ExchangeTest, falls_back_to_tcp_where_udp_does_not_pass) {
  FakeServer server(*loop_, [](base::ByteView asked, bool tcp) {
    return tcp ? Answers{text_answer(asked, "by stream")} : Answers{};
  });
  EXPECT_EQ(asked_text({server.endpoint()}), "by stream");
}

TEST_F(ExchangeTest, asks_the_next_server_where_one_has_no_answer) {
  FakeServer broken(
      *loop_, [](base::ByteView asked, bool) { return Answers{encode(answer_to(asked, {}, Rcode::kServerFailure))}; });
  FakeServer silent(*loop_, [](base::ByteView, bool) { return Answers{}; });
  FakeServer good(*loop_, [](base::ByteView asked, bool) { return Answers{text_answer(asked, "yes")}; });
  EXPECT_EQ(asked_text({broken.endpoint(), silent.endpoint(), good.endpoint()}), "yes");
}

TEST_F(ExchangeTest, gives_the_refusal_where_all_refuse) {
  int asked_times = 0;
  FakeServer server(*loop_, [&](base::ByteView asked, bool) {
    ++asked_times;
    return Answers{encode(answer_to(asked, {}, Rcode::kRefused))};
  });
  const auto answer = ask(request({server.endpoint()}));
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->message.rcode, Rcode::kRefused);
  EXPECT_EQ(asked_times, 1);
}

TEST_F(ExchangeTest, tells_what_each_server_did_where_none_answers) {
  FakeServer silent(*loop_, [](base::ByteView, bool) { return Answers{}; });
  const auto answer = ask(request({silent.endpoint()}));
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, kNoAnswer);
  EXPECT_EQ(answer.error().what, "no name server answered for example.com TXT");
  EXPECT_NE(answer.error().why.find(silent.endpoint().to_string()), std::string::npos);
}

TEST_F(ExchangeTest, ends_by_its_deadline) {
  FakeServer silent(*loop_, [](base::ByteView, bool) { return Answers{}; });
  Request hurried = request({silent.endpoint()});
  hurried.deadline = 1s;
  const base::Instant begun = clock_.now();
  EXPECT_FALSE(ask(std::move(hurried)).has_value());
  EXPECT_LE(clock_.now() - begun, 2s);
}

TEST_F(ExchangeTest, judges_the_signature_of_the_answer) {
  const TsigKey key{Name::parse("key").value(), TsigAlgorithm::kHmacSha256, std::string(32, 's')};
  FakeServer server(*loop_, [](base::ByteView asked, bool) {
    EXPECT_TRUE(decode(asked)->signature.has_value());
    return Answers{text_answer(asked, "unsigned")};
  });
  Request with_key = request({server.endpoint()});
  with_key.key = &key;
  const auto answer = ask(std::move(with_key));
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->verdict, Verdict::kUnsigned);
}

TEST_F(ExchangeTest, may_be_destroyed_by_the_one_it_tells) {
  FakeServer server(*loop_, [](base::ByteView asked, bool) { return Answers{text_answer(asked, "yes")}; });
  auto exchange = std::make_unique<Exchange>(context_);
  bool told = false;
  exchange->start(request({server.endpoint()}), [&](const base::Result<Answer>&) {
    exchange.reset();
    told = true;
  });
  while (!told) loop_->turn(loop_->now() + 20ms);
}

TEST_F(ExchangeTest, tells_nobody_once_it_is_destroyed) {
  FakeServer server(*loop_, [](base::ByteView asked, bool) { return Answers{text_answer(asked, "yes")}; });
  {
    Exchange exchange(context_);
    exchange.start(request({server.endpoint()}), [](const base::Result<Answer>&) { ADD_FAILURE(); });
  }
  for (int i = 0; i < 5; ++i) loop_->turn(loop_->now() + 5ms);
}

}  // namespace
}  // namespace gate::dns

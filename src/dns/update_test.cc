#include "dns/update.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>

#include "base/text.h"
#include "dns/codes.h"
#include "dns/fake_server_for_test.h"
#include "dns/rdata.h"

namespace gate::dns {
namespace {

const base::WallTime kNow{std::chrono::seconds(1'790'000'000)};
const Name kZone = Name::parse("example.com").value();
const TsigKey kKey{Name::parse("key").value(), TsigAlgorithm::kHmacSha256, std::string(32, 's')};

Answer answer(Rcode rcode, Verdict verdict, Rcode of_signature = Rcode::kNoError) {
  Answer answer{{}, *base::Endpoint::parse("192.0.2.1:53"), verdict};
  answer.message.rcode = rcode;
  answer.message.signature.emplace().error = of_signature;
  return answer;
}

base::ErrorCode code_of(const Answer& answer) {
  const auto outcome = update_outcome(answer, kZone, kKey, kNow);
  return outcome ? base::ErrorCode{} : outcome.error().code;
}

TEST(UpdateOutcome, is_good_where_the_server_proves_it) {
  EXPECT_EQ(code_of(answer(Rcode::kNoError, Verdict::kGood)), base::ErrorCode{});
}

TEST(UpdateOutcome, is_bad_where_anybody_could_have_said_so) {
  EXPECT_EQ(code_of(answer(Rcode::kNoError, Verdict::kUnsigned)), kAnswerUnproven);
  EXPECT_EQ(code_of(answer(Rcode::kNoError, Verdict::kForged)), kAnswerUnproven);
}

TEST(UpdateOutcome, tells_a_key_from_a_clock_from_a_zone_from_a_policy) {
  EXPECT_EQ(code_of(answer(Rcode::kNotAuthorized, Verdict::kUnsigned, Rcode::kBadKey)), kKeyRefused);
  EXPECT_EQ(code_of(answer(Rcode::kNotAuthorized, Verdict::kUnsigned, Rcode::kBadSignature)), kKeyRefused);
  EXPECT_EQ(code_of(answer(Rcode::kNotAuthorized, Verdict::kGood, Rcode::kBadTime)), kClocksDiffer);
  EXPECT_EQ(code_of(answer(Rcode::kNotAuthorized, Verdict::kGood)), kUpdateNotZone);
  EXPECT_EQ(code_of(answer(Rcode::kNotZone, Verdict::kGood)), kUpdateNotZone);
  EXPECT_EQ(code_of(answer(Rcode::kRefused, Verdict::kGood)), kUpdateRefused);
  EXPECT_EQ(code_of(answer(Rcode::kServerFailure, Verdict::kGood)), kUpdateFailed);
}

TEST(UpdateOutcome, says_what_time_it_is_on_both_sides) {
  Answer late = answer(Rcode::kNotAuthorized, Verdict::kGood, Rcode::kBadTime);
  late.message.signature->other = std::string("\0\0\x6a\xb1\x2d\x70", 6);
  const auto outcome = update_outcome(late, kZone, kKey, kNow);
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().why, "it is 2026-09-21 13:13:20 UTC there and 2026-09-21 14:13:20 UTC here");
}

TEST(UpdateOutcome, never_tells_the_secret) {
  for (const auto rcode : {Rcode::kNotAuthorized, Rcode::kRefused, Rcode::kServerFailure}) {
    const auto outcome = update_outcome(answer(rcode, Verdict::kGood, Rcode::kBadSignature), kZone, kKey, kNow);
    EXPECT_EQ(render(outcome.error()).find("ssss"), std::string::npos);
  }
}

class UpdateTest : public DnsTest {};

TEST_F(UpdateTest, sends_its_changes_signed_and_by_a_stream) {
  std::optional<Message> received;
  bool stream = false;
  FakeServer server(*loop_, [&](base::ByteView asked, bool tcp) {
    received = decode(asked);
    stream = tcp;
    return Answers{encode(answer_to(asked, {}, Rcode::kRefused))};
  });
  const Name name = kZone.child("_acme-challenge").value();
  std::optional<base::Result<>> outcome;
  Update update(context_);
  update.start({kZone, {added(name, Type::kTxt, 60, text_data("new")), removed(name, Type::kTxt, text_data("old"))}},
               {server.endpoint()}, kKey, [&](base::Result<> result) { outcome = std::move(result); });
  EXPECT_EQ(wait_for(outcome).error().code, kUpdateRefused);
  ASSERT_TRUE(received.has_value());
  EXPECT_TRUE(stream);
  EXPECT_EQ(received->opcode, Opcode::kUpdate);
  EXPECT_EQ(received->questions, (std::vector{Question{kZone, Type::kSoa}}));
  EXPECT_EQ(received->authorities, (std::vector{Record{name, Type::kTxt, Class::kInternet, 60, text_data("new")},
                                                Record{name, Type::kTxt, Class::kNone, 0, text_data("old")}}));
  EXPECT_TRUE(received->signature.has_value());
}

}  // namespace
}  // namespace gate::dns

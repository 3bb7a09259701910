#include "dns/tsig.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "base/text.h"

namespace gate::dns {
namespace {

using namespace std::chrono_literals;

const base::WallTime kNow{std::chrono::seconds(1'790'000'000)};

// A question, signed with a key "gate443" of 32 times "s", and the answer to it: as dnspython 2.3 makes them.
constexpr std::string_view kQuestion256 =
    "004d00000001000000000002076578616d706c6503636f6d000006000100002904d000000000000007676174653434330000fa00ff00000000"
    "003d0b686d61632d7368613235360000006ab13b80012c0020ddfcf96c8f34ac449b25f06dd7a50c180c8cd8f2ab58c575d9b4ae579646291c"
    "004d00000000";
constexpr std::string_view kAnswer256 =
    "004d84000001000000000002076578616d706c6503636f6d0000060001000029200000000000000007676174653434330000fa00ff00000000"
    "003d0b686d61632d7368613235360000006ab13b80012c00203ac4c6b8d3b19e195a8e207fffef8b6021ffe506de05b07c3a3288ad632f425c"
    "004d00000000";
constexpr std::string_view kMac512 =
    "9bda2901390032f72ac29882e17f1e38ff048ffc02dce1308168fc62da4ace1a8987681793787e9e09f22c834d3ad2e1bda300fd5b7536d176"
    "74e463f9160f17";

TsigKey key(TsigAlgorithm algorithm = TsigAlgorithm::kHmacSha256) {
  return {Name::parse("gate443").value(), algorithm, std::string(32, 's')};
}

std::string from_hex(std::string_view digits) {
  std::string bytes;
  for (; digits.size() >= 2; digits.remove_prefix(2)) {
    bytes.push_back(static_cast<char>(base::parse_number<unsigned>(digits.substr(0, 2), 16).value()));
  }
  return bytes;
}

std::string question() {
  Message message;
  message.id = 77;
  message.questions = {{Name::parse("example.com").value(), Type::kSoa}};
  message.edns = Edns{};
  return encode(message);
}

std::string request_mac() {
  std::string bytes = question();
  return sign(bytes, key(), kNow);
}

Verdict judge(const std::string& bytes, const TsigKey& with = key(), base::WallTime now = kNow) {
  const auto message = decode(base::as_bytes(bytes));
  EXPECT_TRUE(message.has_value());
  return message ? verify(*message, base::as_bytes(bytes), with, request_mac(), now) : Verdict::kForged;
}

TEST(Tsig, signs_as_others_do) {
  std::string bytes = question();
  sign(bytes, key(), kNow);
  EXPECT_EQ(base::to_hex(base::as_bytes(bytes)), kQuestion256);
  bytes = question();
  EXPECT_EQ(base::to_hex(base::as_bytes(sign(bytes, key(TsigAlgorithm::kHmacSha512), kNow))), kMac512);
}

TEST(Tsig, believes_the_answer_of_one_who_has_the_key) { EXPECT_EQ(judge(from_hex(kAnswer256)), Verdict::kGood); }

TEST(Tsig, believes_an_answer_whose_id_was_changed_on_the_way) {
  std::string bytes = from_hex(kAnswer256);
  bytes[0] = '\x55';
  EXPECT_EQ(judge(bytes), Verdict::kGood);
}

TEST(Tsig, believes_no_answer_that_was_changed) {
  const std::string good = from_hex(kAnswer256);
  // The flags, the question, the key's name, the time, the MAC.
  for (const std::size_t at : {std::size_t{3}, std::size_t{14}, std::size_t{42}, std::size_t{78}, good.size() - 10}) {
    std::string bytes = good;
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    EXPECT_EQ(judge(bytes), Verdict::kForged) << at;
  }
}

TEST(Tsig, believes_no_answer_to_another_request) {
  const std::string bytes = from_hex(kAnswer256);
  const auto message = decode(base::as_bytes(bytes));
  EXPECT_EQ(verify(*message, base::as_bytes(bytes), key(), std::string(32, 'm'), kNow), Verdict::kForged);
}

TEST(Tsig, believes_no_answer_of_another_key) {
  const std::string bytes = from_hex(kAnswer256);
  TsigKey other = key();
  other.secret.back() = 't';
  EXPECT_EQ(judge(bytes, other), Verdict::kForged);
  EXPECT_EQ(judge(bytes, key(TsigAlgorithm::kHmacSha512)), Verdict::kForged);
}

TEST(Tsig, tells_answers_of_another_time) {
  const std::string bytes = from_hex(kAnswer256);
  EXPECT_EQ(judge(bytes, key(), kNow + 300s), Verdict::kGood);
  EXPECT_EQ(judge(bytes, key(), kNow + 301s), Verdict::kStale);
  EXPECT_EQ(judge(bytes, key(), kNow - 301s), Verdict::kStale);
}

TEST(Tsig, tells_answers_without_a_signature) { EXPECT_EQ(judge(question()), Verdict::kUnsigned); }

TEST(Tsig, reads_the_time_of_a_server_that_has_another) {
  Signature signature;
  signature.error = Rcode::kBadTime;
  signature.other = from_hex("00006ab13b80");
  EXPECT_EQ(server_time(signature), kNow);
  signature.other = from_hex("ffffffffffff");
  EXPECT_EQ(server_time(signature), std::nullopt);
  signature.other = from_hex("00006ab1");
  EXPECT_EQ(server_time(signature), std::nullopt);
}

TEST(Tsig, takes_secrets_in_base64_that_are_long_enough) {
  EXPECT_EQ(tsig_secret("c3Nzc3Nzc3Nzc3Nzc3Nzcw=="), std::string(16, 's'));
  EXPECT_FALSE(tsig_secret("c3Nzc3Nzc3Nzc3Nzc3Nz"));
  EXPECT_FALSE(tsig_secret("no base64!"));
  EXPECT_FALSE(tsig_secret(""));
}

TEST(Tsig, knows_algorithms_by_their_names) {
  EXPECT_EQ(tsig_algorithm("HMAC-SHA512"), TsigAlgorithm::kHmacSha512);
  EXPECT_FALSE(tsig_algorithm("hmac-md5.sig-alg.reg.int"));
}

}  // namespace
}  // namespace gate::dns

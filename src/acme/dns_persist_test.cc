#include "acme/dns_persist.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "acme/dns_codes.h"
#include "acme/dns_persist_solver.h"
#include "dns/fake_server_for_test.h"
#include "dns/rdata.h"

namespace gate::acme {
namespace {

using namespace std::chrono_literals;

const base::WallTime kNow{std::chrono::seconds(1'790'000'000)};
const std::vector<std::string> kIssuers{"authority.example", "ca.example.net"};
constexpr std::string_view kAccount = "https://ca.example/acct/123";
const std::string kGood = "authority.example; accounturi=https://ca.example/acct/123";

base::Result<PersistRecord> find(const std::vector<std::string>& texts, std::string name = "example.com") {
  return find_persist_record(texts, {std::move(name), kIssuers, kAccount}, kNow);
}

TEST(PersistRecord, survives_being_written_and_read) {
  const PersistRecord record{"authority.example", std::string(kAccount), true, kNow};
  const std::string text = to_text(record);
  EXPECT_EQ(text, kGood + "; policy=wildcard; persistUntil=1790000000");
  const auto read = parse_persist_record(text);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(to_text(*read), text);
}

TEST(PersistRecord, is_none_where_it_is_malformed_or_contradicts_itself) {
  for (const auto* bad :
       {"", "authority.example", "; accounturi=a", "authority.example; accounturi=a; accounturi=b",
        "authority.example; accounturi=a; persistUntil=soon", "authority.example; accounturi=a; persistUntil=-1",
        "authority.example; accounturi=a; persistUntil=1; persistUntil=2", "authority.example; accounturi"}) {
    EXPECT_FALSE(parse_persist_record(bad)) << bad;
  }
  EXPECT_TRUE(parse_persist_record("authority.example;accounturi=a;future=x"));
  EXPECT_TRUE(parse_persist_record("authority.example; accounturi=a; persistUntil=9223372036854775807"));
}

TEST(PersistRecord, stands_below_the_name_without_its_star) {
  EXPECT_EQ(persist_name("*.example.com")->to_string(), "_validation-persist.example.com");
  EXPECT_EQ(persist_name("example.com"), persist_name("*.example.com"));
  EXPECT_FALSE(persist_name("192.0.2.1"));
}

TEST(FindPersistRecord, takes_that_of_any_name_of_the_authority) {
  EXPECT_TRUE(find({"v=spf1 -all", "CA.example.net; accounturi=" + std::string(kAccount)}).has_value());
}

TEST(FindPersistRecord, needs_the_account_and_for_wildcards_the_policy) {
  EXPECT_EQ(find({kGood + "4"}).error().why, "the record at _validation-persist.example.com is for another account");
  EXPECT_EQ(find({kGood}, "*.example.com").error().why,
            "the record at _validation-persist.example.com has no policy=wildcard");
  EXPECT_TRUE(find({kGood + "; policy=wildcard"}, "*.example.com").has_value());
  EXPECT_TRUE(find({kGood + "; policy=wildcard"}).has_value());
  EXPECT_EQ(find({"other.example; accounturi=" + std::string(kAccount)}).error().why,
            "the record at _validation-persist.example.com is for another authority, or malformed");
}

TEST(FindPersistRecord, prefers_the_record_that_lasts_longest) {
  const auto found =
      find({kGood + "; persistUntil=1790000010", kGood + "; persistUntil=1790000020", kGood + "; persistUntil=5"});
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->until, kNow + 20s);
  EXPECT_FALSE(find({kGood, kGood + "; persistUntil=1790000020"})->until.has_value());
}

TEST(FindPersistRecord, says_that_the_record_has_ended) {
  const auto ended = find({kGood + "; persistUntil=1789999999"});
  ASSERT_FALSE(ended.has_value());
  EXPECT_EQ(ended.error().code, kPersistEnded);
  EXPECT_EQ(ended.error().why, "the one that did ended on 2026-09-21 (persistUntil)");
}

TEST(FindPersistRecord, says_what_is_to_be_published) {
  const auto missing = find({}, "*.example.com");
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, kPersistMissing);
  EXPECT_EQ(missing.error().why, "there is no TXT record at _validation-persist.example.com");
  EXPECT_EQ(missing.error().fix,
            "publish: _validation-persist.example.com. IN TXT \"authority.example; "
            "accounturi=https://ca.example/acct/123; policy=wildcard\"");
}

class DnsPersistSolverTest : public dns::DnsTest {
 protected:
  base::Result<> present(Challenge challenge) {
    std::optional<base::Result<>> outcome;
    solver_.present(challenge, [&](base::Result<> result) { outcome = std::move(result); });
    EXPECT_FALSE(outcome.has_value());
    return wait_for(outcome);
  }

  static Challenge challenge(std::string name) {
    return {std::move(name), "", "", "", kIssuers, std::string(kAccount), false};
  }

  std::string text_;  // of the record at _validation-persist.example.com
  std::vector<base::Error> warnings_;
  dns::FakeServer resolver_{*loop_, [this](base::ByteView asked, bool) {
                              const auto name = dns::decode(asked)->questions.at(0).name;
                              if (name != persist_name("example.com")) {
                                return dns::Answers{encode(dns::answer_to(asked, {}, dns::Rcode::kNoSuchName))};
                              }
                              return dns::Answers{encode(dns::answer_to(
                                  asked, {{name, dns::Type::kTxt, dns::Class::kInternet, 60, dns::text_data(text_)}}))};
                            }};
  DnsPersistSolver solver_{
      context_, {resolver_.endpoint()}, [this](const base::Error& error) { warnings_.push_back(error); }};
};

TEST_F(DnsPersistSolverTest, is_content_with_a_record_that_is_there) {
  text_ = kGood;
  EXPECT_TRUE(present(challenge("example.com")).has_value());
  EXPECT_TRUE(warnings_.empty());
}

TEST_F(DnsPersistSolverTest, warns_of_a_record_that_ends_soon) {
  const auto soon = std::chrono::duration_cast<std::chrono::seconds>(clock_.wall().time_since_epoch()).count() + 3600;
  text_ = kGood + "; persistUntil=" + std::to_string(soon);
  EXPECT_TRUE(present(challenge("example.com")).has_value());
  ASSERT_EQ(warnings_.size(), 1U);
  EXPECT_EQ(warnings_[0].code, kPersistEnds);
}

TEST_F(DnsPersistSolverTest, says_what_to_publish_where_there_is_none) {
  const auto missing = present(challenge("www.example.com"));
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, kPersistMissing);
  text_ = kGood;
  Challenge wildcard = challenge("example.com");
  wildcard.wildcard = true;
  EXPECT_EQ(present(wildcard).error().code, kPersistMissing);
  EXPECT_EQ(present(challenge("192.0.2.1")).error().code, kNameNotInDns);
}

TEST_F(DnsPersistSolverTest, leaves_the_record) {
  std::optional<base::Result<>> outcome;
  solver_.clean_up(challenge("example.com"), [&](base::Result<> result) { outcome = std::move(result); });
  EXPECT_FALSE(outcome.has_value());
  EXPECT_TRUE(wait_for(outcome).has_value());
}

}  // namespace
}  // namespace gate::acme

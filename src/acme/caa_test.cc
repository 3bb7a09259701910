#include "acme/caa.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "acme/caa_check.h"
#include "acme/dns_codes.h"
#include "dns/codes.h"
#include "dns/fake_server_for_test.h"

namespace gate::acme {
namespace {

const dns::Name kName = dns::Name::parse("www.example.com").value();
const std::vector<std::string> kIdentities{"ca.example", "www.ca.example"};
constexpr std::string_view kAccount = "https://ca.example/acct/1";

struct Caa {
  std::string_view tag;
  std::string_view value;
  bool critical = false;
};

dns::Permissions at_apex(const std::vector<Caa>& records) {
  dns::Permissions permissions{kName.parent(), {}};
  for (const auto& each : records)
    permissions.records.push_back({each.critical, std::string(each.tag), std::string(each.value)});
  return permissions;
}

bool allows(const std::vector<Caa>& records, bool wildcard = false, std::string_view method = "dns-01") {
  return caa_allows(at_apex(records), kName, wildcard, {kIdentities, kAccount, method}).has_value();
}

TEST(CaaAllows, everybody_where_there_are_no_records) {
  EXPECT_TRUE(caa_allows({}, kName, false, {kIdentities, kAccount, "dns-01"}).has_value());
  EXPECT_TRUE(allows({{"iodef", "mailto:ops@example.com"}}));
}

TEST(CaaAllows, whom_any_record_names) {
  EXPECT_TRUE(allows({{"issue", "other.example"}, {"issue", "CA.example"}}));
  EXPECT_TRUE(allows({{"issue", " www.ca.example ; "}}));
  EXPECT_FALSE(allows({{"issue", "other.example"}}));
  EXPECT_FALSE(allows({{"issue", "notca.example"}}));
}

TEST(CaaAllows, nobody_where_the_record_is_empty) {
  EXPECT_FALSE(allows({{"issue", ";"}}));
  EXPECT_FALSE(allows({{"issue", ""}}));
}

TEST(CaaAllows, wildcards_by_their_own_records_where_there_are_some) {
  const std::vector<Caa> only_wild{{"issuewild", "ca.example"}, {"issue", "other.example"}};
  EXPECT_TRUE(allows(only_wild, true));
  EXPECT_FALSE(allows(only_wild, false));
  EXPECT_FALSE(allows({{"issuewild", ";"}, {"issue", "ca.example"}}, true));
  EXPECT_TRUE(allows({{"issue", "ca.example"}}, true));
  EXPECT_TRUE(allows({{"issuewild", "other.example"}}, false));
}

TEST(CaaAllows, only_the_account_that_is_named) {
  EXPECT_TRUE(allows({{"issue", "ca.example; accounturi=https://ca.example/acct/1"}}));
  EXPECT_FALSE(allows({{"issue", "ca.example; accounturi=https://ca.example/acct/2"}}));
  EXPECT_FALSE(allows({{"issue", "ca.example; accounturi=a; accounturi=https://ca.example/acct/1"}}));
}

TEST(CaaAllows, only_the_methods_that_are_named) {
  EXPECT_TRUE(allows({{"issue", "ca.example; validationmethods=http-01,dns-01"}}));
  EXPECT_FALSE(allows({{"issue", "ca.example; validationmethods=http-01"}}));
  EXPECT_FALSE(allows({{"issue", "ca.example; validationmethods=dns-011"}}));
  EXPECT_TRUE(allows({{"issue", "ca.example; validationmethods=http-01"}}, false, ""));
}

TEST(CaaAllows, nobody_by_what_it_does_not_understand) {
  EXPECT_FALSE(allows({{"issue", "ca.example; nonsense"}}));
  EXPECT_FALSE(allows({{"issue", "ca.example"}, {"future", "x", true}}));
  EXPECT_TRUE(allows({{"issue", "ca.example"}, {"future", "x", false}}));
}

TEST(CaaAllows, an_issuer_that_does_not_say_who_it_is) {
  EXPECT_TRUE(caa_allows(at_apex({{"issue", "other.example"}}), kName, false, {{}, kAccount, "dns-01"}).has_value());
}

TEST(CaaAllows, says_which_record_forbids_and_where_it_stands) {
  const auto refused = caa_allows(at_apex({{"issue", "other.example\x1b"}, {"issue", ";"}}), kName, false,
                                  {kIdentities, kAccount, "dns-01"});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, kCaaForbids);
  EXPECT_EQ(refused.error().what, "the zone does not let ca.example issue for www.example.com");
  EXPECT_EQ(refused.error().why, "example.com has the CAA records 0 issue \"other.example?\", 0 issue \";\"");
  EXPECT_EQ(refused.error().fix, "add the record: example.com CAA 0 issue \"ca.example\"");
}

// A resolver that has one CAA record, of example.com, for ca.example.
class CaaCheckTest : public dns::DnsTest {
 protected:
  base::Result<> check(std::vector<std::string> names, std::vector<std::string> identities) {
    std::optional<base::Result<>> outcome;
    CaaCheck check(context_, {resolver_.endpoint()});
    check.start({std::move(names), std::move(identities), std::string(kAccount)},
                [&](base::Result<> result) { outcome = std::move(result); });
    return wait_for(outcome);
  }

  dns::Answers reply(base::ByteView asked) {
    const auto name = dns::decode(asked)->questions.at(0).name;
    asked_.push_back(name.to_string());
    if (silent_) return {};
    if (name.to_string() == "broken.example.net") {
      return {encode(dns::answer_to(asked, {}, dns::Rcode::kServerFailure))};
    }
    if (name != kName.parent()) return {encode(dns::answer_to(asked, {}, dns::Rcode::kNoSuchName))};
    const std::string data = std::string(1, '\0') + "\5issueca.example";
    return {encode(dns::answer_to(asked, {{name, dns::Type::kCaa, dns::Class::kInternet, 60, data}}))};
  }

  bool silent_ = false;
  std::vector<std::string> asked_;
  dns::FakeServer resolver_{*loop_, [this](base::ByteView asked, bool) { return reply(asked); }};
};

TEST_F(CaaCheckTest, looks_at_all_names_but_addresses) {
  EXPECT_TRUE(check({"192.0.2.1", "www.example.com", "*.example.org"}, {"ca.example"}).has_value());
  EXPECT_EQ(asked_, (std::vector<std::string>{"www.example.com", "example.com", "example.org", "org"}));
}

TEST_F(CaaCheckTest, ends_at_the_first_name_that_is_forbidden) {
  const auto refused = check({"example.org", "*.example.com", "example.net"}, {"other.example"});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, kCaaForbids);
  EXPECT_EQ(refused.error().what, "the zone does not let other.example issue for *.example.com");
}

TEST_F(CaaCheckTest, takes_a_failure_for_a_no_but_not_silence) {
  EXPECT_EQ(check({"broken.example.net"}, {"ca.example"}).error().code, dns::kServerRefuses);
  silent_ = true;
  EXPECT_TRUE(check({"www.example.com"}, {"other.example"}).has_value());
}

}  // namespace
}  // namespace gate::acme

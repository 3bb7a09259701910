#include "acme/caa.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "acme/dns_codes.h"

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

}  // namespace
}  // namespace gate::acme

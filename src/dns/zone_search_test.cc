#include "dns/zone_search.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dns/codes.h"
#include "dns/fake_server_for_test.h"
#include "dns/rdata.h"

namespace gate::dns {
namespace {

Name name(std::string_view text) { return Name::parse(text).value(); }

std::string authority_data(std::string_view zone) {
  return name("ns." + std::string(zone)).wire() + name("host." + std::string(zone)).wire() + std::string(20, '\1');
}

Record record(std::string_view owner, Type type, std::string data) {
  return {name(owner), type, Class::kInternet, 300, std::move(data)};
}

// A resolver that knows what the test says.
class ZoneSearchTest : public DnsTest {
 protected:
  struct Known {
    std::vector<Record> answers;
    std::vector<Record> authorities;
    Rcode rcode = Rcode::kNoError;
  };

  Answers reply(base::ByteView asked) {
    const auto question = decode(asked)->questions.at(0);
    const auto found = known_.find({question.name.to_string(), question.type});
    const Known known = found == known_.end() ? Known{{}, {}, Rcode::kNoSuchName} : found->second;
    Message message = answer_to(asked, known.answers, known.rcode);
    message.authorities = known.authorities;
    return {encode(message)};
  }

  void serve_zone(std::string_view zone) {
    known_[{std::string(zone), Type::kSoa}].answers = {record(zone, Type::kSoa, authority_data(zone))};
    known_[{std::string(zone), Type::kNs}].answers = {record(zone, Type::kNs, name("ns." + std::string(zone)).wire())};
    known_[{"ns." + std::string(zone), Type::kA}].answers = {
        record("ns." + std::string(zone), Type::kA, std::string("\xc0\0\2\1", 4))};
  }

  base::Result<Place> search(std::string_view text) {
    std::optional<base::Result<Place>> outcome;
    ZoneSearch search(context_, {resolver_.endpoint()});
    search.start(name(text), [&](base::Result<Place> result) { outcome = std::move(result); });
    return wait_for(outcome);
  }

  std::map<std::pair<std::string, Type>, Known> known_;
  FakeServer resolver_{*loop_, [this](base::ByteView asked, bool) { return reply(asked); }};
};

TEST_F(ZoneSearchTest, climbs_to_the_zone_and_finds_its_servers) {
  serve_zone("example.com");
  const auto place = search("_acme-challenge.www.example.com");
  ASSERT_TRUE(place.has_value()) << render(place.error());
  EXPECT_EQ(place->name.to_string(), "_acme-challenge.www.example.com");
  EXPECT_EQ(place->zone.to_string(), "example.com");
  ASSERT_EQ(place->servers.size(), 1U);
  EXPECT_EQ(place->servers[0].name.to_string(), "ns.example.com");
  EXPECT_EQ(place->servers[0].addresses, (std::vector{*base::Endpoint::parse("192.0.2.1:53")}));
}

TEST_F(ZoneSearchTest, believes_the_zone_that_denies_the_name) {
  serve_zone("example.com");
  known_[{"_acme-challenge.example.com", Type::kSoa}] = {
      {}, {record("example.com", Type::kSoa, authority_data("example.com"))}, Rcode::kNoSuchName};
  EXPECT_EQ(search("_acme-challenge.example.com")->zone.to_string(), "example.com");
}

TEST_F(ZoneSearchTest, does_not_believe_a_zone_that_the_name_is_not_in) {
  serve_zone("example.com");
  known_[{"_acme-challenge.example.com", Type::kSoa}] = {
      {}, {record("example.net", Type::kSoa, authority_data("example.net"))}, Rcode::kNoSuchName};
  EXPECT_EQ(search("_acme-challenge.example.com")->zone.to_string(), "example.com");
}

TEST_F(ZoneSearchTest, follows_aliases_to_another_zone) {
  serve_zone("example.com");
  serve_zone("auth.example.net");
  known_[{"_acme-challenge.example.com", Type::kSoa}].answers = {
      record("_acme-challenge.example.com", Type::kCname, name("one.example.com").wire()),
      record("one.example.com", Type::kCname, name("x.auth.example.net").wire())};
  const auto place = search("_acme-challenge.example.com");
  ASSERT_TRUE(place.has_value()) << render(place.error());
  EXPECT_EQ(place->name.to_string(), "x.auth.example.net");
  EXPECT_EQ(place->zone.to_string(), "auth.example.net");
}

TEST_F(ZoneSearchTest, ends_where_aliases_lead_in_a_circle) {
  known_[{"a.example.com", Type::kSoa}].answers = {record("a.example.com", Type::kCname, name("b.example.com").wire()),
                                                   record("b.example.com", Type::kCname, name("a.example.com").wire())};
  const auto place = search("a.example.com");
  ASSERT_FALSE(place.has_value());
  EXPECT_EQ(place.error().code, kAliasLoop);
}

TEST_F(ZoneSearchTest, says_where_no_zone_is) {
  const auto place = search("_acme-challenge.example.invalid");
  ASSERT_FALSE(place.has_value());
  EXPECT_EQ(place.error().code, kNoZone);
}

TEST_F(ZoneSearchTest, takes_a_failure_for_none) {
  known_[{"_acme-challenge.example.com", Type::kSoa}].rcode = Rcode::kServerFailure;
  serve_zone("example.com");
  EXPECT_EQ(search("_acme-challenge.example.com").error().code, kServerRefuses);
}

TEST_F(ZoneSearchTest, says_where_no_server_has_an_address) {
  serve_zone("example.com");
  known_.erase({"ns.example.com", Type::kA});
  EXPECT_EQ(search("example.com").error().code, kNoNameServers);
}

}  // namespace
}  // namespace gate::dns

#include "feature/http3/http3.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feature/http3/http3_config.h"
#include "http/config/conf_text_for_test.h"

namespace gate::http3 {
namespace {

using http::Flow;
using http::testing::FakeClock;
using http::testing::FakeExchange;
using ::testing::HasSubstr;

// What a client that comes with `version` is told of another way.
std::string alternative_for(http::Version version, bool secure, std::string_view own = {}) {
  const FakeClock clock;
  const AlternativePlan plan(8443);
  const auto service = plan.build({.clock = clock});
  FakeExchange fake({.secure = secure});
  fake.exchange().request.version = version;
  EXPECT_EQ(fake.run(*service), Flow::kNext);
  fake.exchange().response.status = 200;
  if (!own.empty()) fake.exchange().response.fields.add(http::FieldId::kAltSvc, own);
  fake.exchange().respond();
  return std::string(fake.field("alt-svc"));
}

TEST(Alternative, is_told_to_clients_on_tcp) {
  EXPECT_EQ(alternative_for(http::Version::kHttp2, true), "h3=\":8443\"; ma=86400");
  EXPECT_EQ(alternative_for(http::Version::kHttp11, true), "h3=\":8443\"; ma=86400");
}

TEST(Alternative, is_not_told_to_who_is_there_already_or_comes_in_the_clear) {
  EXPECT_EQ(alternative_for(http::Version::kHttp3, true), "");
  EXPECT_EQ(alternative_for(http::Version::kHttp11, false), "");
}

TEST(Alternative, gives_way_to_what_the_site_says) {
  EXPECT_EQ(alternative_for(http::Version::kHttp2, true, "clear"), "clear");
}

TEST(Http3Statement, turns_it_off_for_a_site) {
  const auto read = [](std::string text) {
    http::config::ConfText conf(std::move(text));
    SitePolicy policy;
    conf.read<SitePolicy>(kDirectives, policy);
    return std::pair(policy.on, conf.report());
  };
  EXPECT_EQ(read(""), std::pair(true, std::string()));
  EXPECT_EQ(read("http3 off"), std::pair(false, std::string()));
  EXPECT_THAT(read("http3 perhaps").second, HasSubstr("error"));
}

TEST(EarlyDataStatement, allows_safe_requests_and_nothing_by_default) {
  const auto read = [](std::string text) {
    http::config::ConfText conf(std::move(text));
    SitePolicy policy;
    conf.read<SitePolicy>(kDirectives, policy);
    return std::pair(policy.early_data, conf.report());
  };
  EXPECT_EQ(read(""), std::pair(false, std::string()));
  EXPECT_EQ(read("early-data safe"), std::pair(true, std::string()));
  EXPECT_EQ(read("early-data off"), std::pair(false, std::string()));
  EXPECT_THAT(read("early-data on").second, HasSubstr("error"));
}

}  // namespace
}  // namespace gate::http3

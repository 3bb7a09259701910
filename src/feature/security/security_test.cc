#include "feature/security/security.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <memory>

#include "feature/security/security_config.h"
#include "http/config/conf_text_for_test.h"

namespace gate::security {
namespace {

using http::FieldId;
using http::Flow;
using http::config::ConfText;
using http::testing::FakeClock;
using http::testing::FakeExchange;
using http::testing::FakeRequest;
using std::chrono::days;
using std::chrono::hours;
using ::testing::HasSubstr;

class SecurityTest : public ::testing::Test {
 protected:
  // The policy a site's block says.
  SecurityPolicy policy(std::string text) {
    ConfText conf(std::move(text));
    SecurityPolicy read;
    conf.read<SecurityPolicy>(kDirectives, read);
    EXPECT_EQ(conf.report(), "");
    return read;
  }

  static std::string report_of(std::string text) {
    ConfText conf(std::move(text));
    SecurityPolicy read;
    conf.read<SecurityPolicy>(kDirectives, read);
    return conf.report();
  }

  void answer(FakeExchange& fake, SecurityPolicy given = {}, SiteFacts facts = {}) {
    const SecurityPlan& plan = plans_.emplace_back(std::move(given), facts);
    EXPECT_EQ(fake.run(*services_.emplace_back(plan.build({.clock = clock_}))), Flow::kNext);
    fake.exchange().respond();
  }

  std::string hsts_for(const FakeRequest& request, SecurityPolicy given = {}, SiteFacts facts = {}) {
    FakeExchange fake(request);
    answer(fake, std::move(given), facts);
    return std::string(fake.field("strict-transport-security"));
  }

  FakeClock clock_;

 private:
  // Responses point into them.
  std::deque<SecurityPlan> plans_;
  std::deque<std::unique_ptr<http::Service>> services_;
};

TEST_F(SecurityTest, adds_the_default_fields) {
  FakeExchange fake;
  answer(fake);
  EXPECT_EQ(fake.field("strict-transport-security"), "max-age=31536000");
  EXPECT_EQ(fake.field("x-content-type-options"), "nosniff");
  EXPECT_EQ(fake.field("referrer-policy"), "strict-origin-when-cross-origin");
  EXPECT_EQ(fake.field("x-frame-options"), "SAMEORIGIN");
  EXPECT_EQ(fake.field("permissions-policy"), "camera=(self), geolocation=(self), microphone=(self)");
  EXPECT_EQ(fake.count("content-security-policy"), 0);
}

TEST_F(SecurityTest, leaves_fields_of_the_service_alone) {
  FakeExchange fake;
  fake.response().fields.add(FieldId::kReferrerPolicy, "no-referrer");
  fake.response().fields.add(FieldId::kStrictTransportSecurity, "max-age=5");
  answer(fake);
  EXPECT_EQ(fake.field("referrer-policy"), "no-referrer");
  EXPECT_EQ(fake.count("referrer-policy"), 1);
  EXPECT_EQ(fake.field("strict-transport-security"), "max-age=5");
  EXPECT_EQ(fake.count("strict-transport-security"), 1);
}

TEST_F(SecurityTest, lets_a_later_change_remove_a_field) {
  struct RemoveFrameOptions final : public http::ResponseFilter {
    void filter(http::Exchange& exchange) override { exchange.response.fields.remove(FieldId::kXFrameOptions); }
  };
  RemoveFrameOptions remove;
  FakeExchange fake;
  fake.exchange().add_change(remove);
  answer(fake);
  EXPECT_EQ(fake.count("x-frame-options"), 0);
}

TEST_F(SecurityTest, leaves_framing_to_a_content_security_policy_that_speaks_of_it) {
  FakeExchange fake;
  fake.response().fields.add(FieldId::kContentSecurityPolicy, "default-src 'self'; Frame-Ancestors https://a.example");
  answer(fake);
  EXPECT_EQ(fake.count("x-frame-options"), 0);
  FakeExchange silent;
  silent.response().fields.add(FieldId::kContentSecurityPolicy, "default-src 'self'");
  answer(silent);
  EXPECT_EQ(silent.field("x-frame-options"), "SAMEORIGIN");
}

TEST_F(SecurityTest, leaves_framing_to_a_policy_that_a_later_change_adds) {
  struct AddPolicy final : public http::ResponseFilter {
    void filter(http::Exchange& exchange) override {
      exchange.response.fields.add(FieldId::kContentSecurityPolicy, "frame-ancestors 'none'");
    }
  };
  AddPolicy add;
  FakeExchange fake;
  fake.exchange().add_change(add);
  answer(fake);
  EXPECT_EQ(fake.count("x-frame-options"), 0);
}

TEST_F(SecurityTest, promises_https_only_over_https) {
  EXPECT_EQ(hsts_for({.secure = false}), "");
  EXPECT_EQ(hsts_for({.secure = true}), "max-age=31536000");
}

TEST_F(SecurityTest, promises_https_only_for_names_of_the_outside) {
  const auto hsts_for_host = [&](std::string_view host) {
    FakeExchange fake;
    fake.request().host = host;
    answer(fake);
    return std::string(fake.field("strict-transport-security"));
  };
  EXPECT_NE(hsts_for_host("example.com"), "");
  EXPECT_NE(hsts_for_host("notlocalhost"), "");
  for (const std::string_view host : {"localhost", "app.localhost", "192.0.2.1", "2001:db8::1", "::ffff:1.2.3.4", ""}) {
    EXPECT_EQ(hsts_for_host(host), "") << host;
  }
}

TEST_F(SecurityTest, promises_nothing_for_a_name_under_the_local_ca) {
  EXPECT_EQ(hsts_for({}, policy("hsts 1y"), {.certificate_is_local = true, .hsts_began = {}}), "");
}

TEST_F(SecurityTest, sends_hsts_as_configured) {
  EXPECT_EQ(hsts_for({}, policy("hsts off")), "");
  EXPECT_EQ(hsts_for({}, policy("hsts 30d")), "max-age=2592000");
  EXPECT_EQ(hsts_for({}, policy("hsts 0s")), "max-age=0");
  EXPECT_EQ(hsts_for({}, policy("hsts 1y subdomains")), "max-age=31536000; includeSubDomains");
  EXPECT_EQ(hsts_for({}, policy("hsts 2y subdomains preload")), "max-age=63072000; includeSubDomains; preload");
}

TEST_F(SecurityTest, ramps_hsts_up_with_the_days) {
  const SecurityPolicy ramp = policy("hsts ramp");
  const SiteFacts facts{.certificate_is_local = false, .hsts_began = clock_.wall_time};
  const base::WallTime began = clock_.wall_time;
  const auto at = [&](auto since) {
    clock_.wall_time = began + since;
    return hsts_for({}, ramp, facts);
  };
  EXPECT_EQ(at(hours(0)), "max-age=300");
  EXPECT_EQ(at(hours(24) - std::chrono::seconds(1)), "max-age=300");
  EXPECT_EQ(at(days(1)), "max-age=86400");
  EXPECT_EQ(at(days(3)), "max-age=604800");
  EXPECT_EQ(at(days(10)), "max-age=2592000");
  EXPECT_EQ(at(days(40)), "max-age=31536000");
  EXPECT_EQ(at(days(4000)), "max-age=31536000");
}

TEST_F(SecurityTest, starts_the_ramp_low_when_the_clock_was_set_back) {
  const SiteFacts facts{.certificate_is_local = false, .hsts_began = clock_.wall_time + days(5)};
  EXPECT_EQ(hsts_for({}, policy("hsts ramp"), facts), "max-age=300");
}

TEST_F(SecurityTest, ends_the_ramp_at_the_length_given_and_consents_to_preload_only_there) {
  const base::WallTime began = clock_.wall_time;
  const SiteFacts facts{.certificate_is_local = false, .hsts_began = began};
  EXPECT_EQ(hsts_for({}, policy("hsts ramp 1y subdomains preload"), facts), "max-age=300; includeSubDomains");
  clock_.wall_time = began + days(365);
  EXPECT_EQ(hsts_for({}, policy("hsts ramp 1d"), facts), "max-age=86400");
  EXPECT_EQ(hsts_for({}, policy("hsts ramp 1y subdomains preload"), facts),
            "max-age=31536000; includeSubDomains; preload");
}

TEST_F(SecurityTest, leaves_named_fields_out) {
  FakeExchange fake;
  answer(fake, policy("security off X-Frame-Options\nsecurity off permissions-policy"));
  EXPECT_EQ(fake.count("x-frame-options"), 0);
  EXPECT_EQ(fake.count("permissions-policy"), 0);
  EXPECT_EQ(fake.count("x-content-type-options"), 1);
}

TEST_F(SecurityTest, leaves_all_but_hsts_out) {
  FakeExchange fake;
  answer(fake, policy("security off"));
  EXPECT_EQ(fake.response().fields.size(), 1);
  EXPECT_EQ(fake.field("strict-transport-security"), "max-age=31536000");
}

TEST_F(SecurityTest, refuses_names_it_does_not_send) {
  EXPECT_THAT(report_of("security off X-Frame-Option"), HasSubstr("is not one of the default fields"));
  EXPECT_THAT(report_of("security off Strict-Transport-Security"), HasSubstr("hsts off"));
  EXPECT_THAT(report_of("security on"), HasSubstr("G0160"));
}

TEST_F(SecurityTest, refuses_hsts_that_makes_no_sense) {
  EXPECT_THAT(report_of("hsts 1y preload"), HasSubstr("G0187"));
  EXPECT_THAT(report_of("hsts 30d subdomains preload"), HasSubstr("G0187"));
  EXPECT_THAT(report_of("hsts subdomains"), HasSubstr("usage: hsts"));
  EXPECT_THAT(report_of("hsts off subdomains"), HasSubstr("test.conf:1:6: error"));
  EXPECT_THAT(report_of("hsts 1y 2y"), HasSubstr("usage: hsts"));
  EXPECT_THAT(report_of("hsts always"), HasSubstr("G0150"));
}

}  // namespace
}  // namespace gate::security

#include "app/read_on_demand.h"

#include <gtest/gtest.h>

#include <string>

#include "app/certificates.h"
#include "app/configuration_source.h"
#include "app/describe_acme.h"
#include "app/on_demand/codes.h"
#include "app/on_demand/on_demand_settings.h"
#include "app/on_demand_sites.h"
#include "conf/environment.h"

namespace gate::app {
namespace {

using namespace std::chrono_literals;

class ReadOnDemandTest : public testing::Test {
 protected:
  LoadedConfiguration load(const std::string& text) {
    return load_configuration({.path = {}, .text = text, .name = "test.conf"}, environment_);
  }
  static std::string site(const std::string& inside, const std::string& names = "*.customers.example.com",
                          const std::string& more = {}) {
    return "site " + names + " {\n  tls acme {\n    on-demand {\n" + inside + "\n    }\n  }\n  respond 200 x\n" + more +
           "\n}\n";
  }
  static bool has(const LoadedConfiguration& loaded, base::ErrorCode code) {
    for (const auto& each : loaded.diagnostics.shown()) {
      if (each.code == code) return true;
    }
    return false;
  }

  conf::SystemEnvironment environment_;
};

TEST_F(ReadOnDemandTest, one_permission_is_enough) {
  const auto loaded = load(site("allow *.customers.example.com shop.example.net"));
  ASSERT_TRUE(loaded.good()) << loaded.report();
  const auto& settings = *loaded.settings.sites.front().acme->on_demand;
  EXPECT_EQ(settings.allow, (std::vector<std::string>{"*.customers.example.com", "shop.example.net"}));
  EXPECT_TRUE(settings.ask.empty());
  EXPECT_EQ(settings.rate.count, 10U);
  EXPECT_EQ(settings.rate.period, 1min);
  EXPECT_EQ(settings.hold, 10s);
  EXPECT_EQ(settings.names_max, 1000U);
}

TEST_F(ReadOnDemandTest, everything_may_be_said) {
  const auto loaded = load(site("ask http://127.0.0.1:8080/allowed\nrate 100/hour\nhold 3s\nnames 20000"));
  ASSERT_TRUE(loaded.good()) << loaded.report();
  EXPECT_TRUE(loaded.report().empty()) << loaded.report();
  const auto& settings = *loaded.settings.sites.front().acme->on_demand;
  EXPECT_EQ(settings.ask, "http://127.0.0.1:8080/allowed");
  EXPECT_EQ(settings.rate.count, 100U);
  EXPECT_EQ(settings.rate.period, 1h);
  EXPECT_EQ(settings.hold, 3s);
  EXPECT_EQ(settings.names_max, 20'000U);
}

TEST_F(ReadOnDemandTest, without_a_permission_everybody_could_order) {
  EXPECT_TRUE(has(load(site("rate 5/minute")), kOnDemandNeedsPermission));
  EXPECT_TRUE(has(load(site("")), kOnDemandNeedsPermission));
}

TEST_F(ReadOnDemandTest, refuses_what_it_cannot_honour) {
  for (const std::string inside :
       {"allow *.customers.local", "allow 192.0.2.1", "allow localhost", "ask localhost:8080", "ask ftp://a/b",
        "allow a.example.com\nrate 10", "allow a.example.com\nrate 0/minute", "allow a.example.com\nrate 10/week",
        "allow a.example.com\nrate 1001/minute", "allow a.example.com\nhold 2m", "allow a.example.com\nnames 0"}) {
    EXPECT_FALSE(load(site(inside)).good()) << inside;
  }
}

TEST_F(ReadOnDemandTest, permission_that_comes_in_clear_from_elsewhere_is_warned_of) {
  const auto loaded = load(site("ask http://app:8080/allowed"));
  EXPECT_TRUE(loaded.good()) << loaded.report();
  EXPECT_NE(loaded.report().find("on the way"), std::string::npos) << loaded.report();
}

TEST_F(ReadOnDemandTest, there_must_be_names_to_order_for) {
  const std::string inside = "allow shop.example.net";
  EXPECT_TRUE(has(load(site(inside, "www.example.com")), kOnDemandWithoutNames));
  EXPECT_TRUE(load(site(inside, "www.example.com", "default")).good());
}

TEST_F(ReadOnDemandTest, belongs_to_a_site) {
  const auto loaded = load("acme {\n on-demand {\n allow a.example.com\n }\n}\n" + site("allow a.example.com"));
  EXPECT_TRUE(has(loaded, conf::kContradiction));
}

TEST_F(ReadOnDemandTest, the_site_s_own_certificate_is_for_the_names_it_is_called_by) {
  const auto loaded = load(site("allow shop.example.net", "www.example.com *.customers.example.com"));
  ASSERT_TRUE(loaded.good()) << loaded.report();
  EXPECT_EQ(certificate_names(loaded.settings.sites.front()), std::vector<std::string>{"www.example.com"});
  EXPECT_TRUE(certificate_names(load(site("allow a.example.com")).settings.sites.front()).empty());
}

TEST_F(ReadOnDemandTest, a_name_is_on_demand_where_its_site_is_not_called_so) {
  const auto loaded = load(site("allow shop.example.net", "www.example.com", "default") +
                           "site *.local.example.com {\n  tls local\n  respond 200 x\n}\n");
  ASSERT_TRUE(loaded.good()) << loaded.report();
  const OnDemandSites sites(loaded.settings);
  ASSERT_NE(sites.find("shop.example.net"), nullptr);
  EXPECT_EQ(sites.find("shop.example.net")->name(), "www.example.com");
  EXPECT_EQ(sites.find("www.example.com"), nullptr);
  EXPECT_EQ(sites.find("a.local.example.com"), nullptr);
  const auto without_default = load(site("allow shop.example.net"));
  const OnDemandSites wildcard(without_default.settings);
  EXPECT_NE(wildcard.find("a.customers.example.com"), nullptr);
  EXPECT_EQ(wildcard.find("a.b.customers.example.com"), nullptr);
  EXPECT_EQ(wildcard.find("shop.example.net"), nullptr);
}

TEST_F(ReadOnDemandTest, check_says_what_is_ordered_when) {
  const auto loaded = load(site("ask http://127.0.0.1:1/a\nallow a.example.net", "www.example.com", "default"));
  const auto lines = describe_orders(loaded.settings);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_NE(lines[0].find("www.example.com: from "), std::string::npos) << lines[0];
  EXPECT_EQ(lines[1],
            "all other names: when a client asks for one of them first: a.example.net and what http://127.0.0.1:1/a "
            "permits");
}

}  // namespace
}  // namespace gate::app

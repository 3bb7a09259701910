#include "server/site_table.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace gate::server {
namespace {

class NothingPlan final : public http::ServicePlan {
 public:
  std::unique_ptr<http::Service> build(const http::ServiceEnvironment&) const override {
    class Nothing final : public http::Service {
      http::Flow handle(http::Exchange&) override { return http::Flow::kNext; }
    };
    return std::make_unique<Nothing>();
  }
};

std::shared_ptr<const SitePlan> site(std::vector<std::string> hosts, std::string fingerprint, bool is_default = false) {
  auto plan = std::make_unique<SitePlan>();
  plan->name = hosts.front();
  plan->hosts = std::move(hosts);
  plan->fingerprint = std::move(fingerprint);
  plan->is_default = is_default;
  plan->service = std::make_unique<NothingPlan>();
  return plan;
}

class SiteTableTest : public testing::Test {
 protected:
  std::vector<std::unique_ptr<Site>> adopt(std::vector<std::shared_ptr<const SitePlan>> sites) {
    Plan plan;
    plan.sites = std::move(sites);
    return table_.adopt(plan);
  }
  std::string name_of(std::string_view host) const {
    const Site* found = table_.find(host);
    return found ? found->plan->name : "";
  }

  base::SystemClock clock_;
  SiteTable table_{{.clock = clock_}};
};

TEST_F(SiteTableTest, finds_exact_names_before_wildcards) {
  adopt({site({"*.example.com"}, "wild"), site({"www.example.com"}, "exact")});
  EXPECT_EQ(name_of("www.example.com"), "www.example.com");
  EXPECT_EQ(name_of("api.example.com"), "*.example.com");
}

TEST_F(SiteTableTest, a_wildcard_stands_for_one_label) {
  adopt({site({"*.example.com"}, "wild")});
  EXPECT_EQ(name_of("example.com"), "");
  EXPECT_EQ(name_of("a.b.example.com"), "");
}

TEST_F(SiteTableTest, unknown_hosts_go_to_the_default_or_nowhere) {
  adopt({site({"example.com"}, "one")});
  EXPECT_EQ(name_of("example.org"), "");
  EXPECT_EQ(name_of(""), "");
  adopt({site({"example.com"}, "one"), site({"fallback.example"}, "two", true)});
  EXPECT_EQ(name_of("example.org"), "fallback.example");
  EXPECT_EQ(name_of(std::string(300, 'a') + ".example"), "fallback.example");
}

TEST_F(SiteTableTest, a_reload_keeps_unchanged_sites_and_retires_the_others) {
  adopt({site({"a.example"}, "a1"), site({"b.example"}, "b1")});
  const Site* kept = table_.find("a.example");
  const Site* replaced = table_.find("b.example");
  const auto retired = adopt({site({"a.example"}, "a1"), site({"b.example"}, "b2"), site({"c.example"}, "c1")});
  EXPECT_EQ(table_.find("a.example"), kept);
  EXPECT_NE(table_.find("b.example"), replaced);
  EXPECT_NE(table_.find("c.example"), nullptr);
  ASSERT_EQ(retired.size(), 1U);
  EXPECT_EQ(retired.front().get(), replaced);
}

TEST_F(SiteTableTest, ten_thousand_sites_are_found) {
  std::vector<std::shared_ptr<const SitePlan>> many;
  for (int i = 0; i < 10'000; ++i) many.push_back(site({"s" + std::to_string(i) + ".example"}, std::to_string(i)));
  adopt(std::move(many));
  EXPECT_EQ(name_of("s9999.example"), "s9999.example");
  EXPECT_EQ(name_of("s10000.example"), "");
}

}  // namespace
}  // namespace gate::server

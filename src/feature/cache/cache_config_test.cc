#include "feature/cache/cache_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "conf/diagnostics.h"
#include "conf/environment.h"
#include "conf/parse.h"
#include "conf/reader.h"
#include "feature/cache/cache.h"

namespace gate::cache {
namespace {

using ::testing::HasSubstr;

class CacheConfig : public ::testing::Test {
 protected:
  const CacheSettings* parse(const std::string& text) {
    conf::SourceSet sources;
    conf::Diagnostics diagnostics;
    const auto& source = sources.add("gate443.conf", "", text + "\n");
    const auto block = conf::parse(source, diagnostics);
    conf::Reader reader(diagnostics, sources, environment_);
    plan_ = parse_cache(block.statements.at(0), reader);
    shown_ = render(diagnostics, sources);
    EXPECT_EQ(plan_ == nullptr, diagnostics.has_errors());
    return plan_ ? &static_cast<const CachePlan&>(*plan_).settings() : nullptr;
  }

  conf::SystemEnvironment environment_;
  std::unique_ptr<const http::ServicePlan> plan_;
  std::string shown_;
};

TEST_F(CacheConfig, is_careful_by_itself) {
  const auto* settings = parse("cache");
  ASSERT_TRUE(settings) << shown_;
  EXPECT_FALSE(settings->ignores_cookies);
  EXPECT_TRUE(settings->lifetimes.empty());
  EXPECT_EQ(settings->stale_if_error, Seconds{0});
  EXPECT_EQ(settings->stale_while_revalidate, Seconds{0});
}

TEST_F(CacheConfig, reads_everything) {
  const auto* settings = parse(
      "cache {\n  memory 1GiB\n  disk kept 5GB\n  largest 1MiB\n  lifetime 10m 200 301\n  lifetime 5s 404\n  "
      "error-lifetime 3s\n"
      "  stale-while-revalidate 30s\n  stale-if-error 1h\n  wait 2s\n  waiting 7\n  cookies ignore\n}");
  ASSERT_TRUE(settings) << shown_;
  EXPECT_EQ(settings->memory_bytes_max, std::uint64_t{1} << 30);
  EXPECT_TRUE(settings->disk_folder.ends_with("kept")) << settings->disk_folder;
  EXPECT_EQ(settings->disk_bytes_max, 5'000'000'000u);
  EXPECT_EQ(settings->response_bytes_max, std::uint64_t{1} << 20);
  ASSERT_EQ(settings->lifetimes.size(), 3u);
  EXPECT_EQ(settings->lifetimes[1].status, 301);
  EXPECT_EQ(settings->lifetimes[1].lifetime, Seconds{600});
  EXPECT_EQ(settings->lifetimes[2].lifetime, Seconds{5});
  EXPECT_EQ(settings->error_lifetime_max, Seconds{3});
  EXPECT_EQ(settings->stale_while_revalidate, Seconds{30});
  EXPECT_EQ(settings->stale_if_error, Seconds{3600});
  EXPECT_EQ(settings->wait_max, std::chrono::seconds{2});
  EXPECT_EQ(settings->waiting_max, 7u);
  EXPECT_TRUE(settings->ignores_cookies);
}

TEST_F(CacheConfig, keeps_no_response_larger_than_its_memory) {
  const auto* settings = parse("cache {\n  memory 1MiB\n}");
  ASSERT_TRUE(settings) << shown_;
  EXPECT_EQ(settings->response_bytes_max, std::uint64_t{1} << 20);
}

TEST_F(CacheConfig, refuses_what_cannot_be_honoured) {
  for (const auto* text :
       {"cache {\n  memory 0B\n}", "cache {\n  memory lots\n}", "cache {\n  disk kept\n}", "cache {\n  disk kept 0B\n}",
        "cache {\n  lifetime 1m\n}", "cache {\n  lifetime soon 200\n}", "cache {\n  lifetime 1m 500\n}",
        "cache {\n  lifetime 1m 206\n}", "cache {\n  lifetime 1m 200\n  lifetime 2m 200\n}", "cache {\n  wait 1h\n}",
        "cache {\n  waiting -1\n}", "cache {\n  cookies sometimes\n}", "cache {\n  speed 1\n}"}) {
    EXPECT_EQ(parse(text), nullptr) << text;
    EXPECT_THAT(shown_, HasSubstr("gate443.conf:")) << text;
  }
}

}  // namespace
}  // namespace gate::cache

#include "feature/cache/cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feature/cache/bench_for_test.h"
#include "tls/client_certificate.h"
#include "tls/facts.h"

namespace gate::cache {
namespace {

using http::Flow;
using http::testing::FakeExchange;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view kHit = "gate443; hit";
constexpr std::string_view kStored = "gate443; fwd=uri-miss; fwd-status=200; stored";

TEST(Cache, answers_the_second_request_from_what_the_first_one_brought) {
  CacheBench bench;
  bench.server.says = page();
  FakeExchange first;
  EXPECT_EQ(bench.ask(first), Flow::kTaken);
  EXPECT_EQ(first.read_body(), "page");
  EXPECT_EQ(first.field("cache-status"), kStored);
  EXPECT_EQ(first.count("age"), 0u);
  bench.turn(seconds{7});
  FakeExchange second;
  EXPECT_EQ(bench.ask(second), Flow::kTaken);
  EXPECT_EQ(second.read_body(), "page");
  EXPECT_EQ(second.field("cache-status"), "gate443; hit; ttl=53");
  EXPECT_EQ(second.field("age"), "7");
  EXPECT_EQ(second.field("cache-control"), "max-age=60");
  EXPECT_EQ(second.exchange().cache, http::CacheUse::kHit);
  EXPECT_EQ(bench.server.asked.size(), 1u);
  EXPECT_EQ(bench.store.counters().hits.value(), 1u);
}

TEST(Cache, asks_again_once_the_lifetime_is_over) {
  CacheBench bench;
  bench.server.says = page();
  bench.status_of({});
  bench.turn(seconds{60});
  EXPECT_THAT(bench.status_of({}), HasSubstr("fwd=stale"));
  EXPECT_EQ(bench.server.asked.size(), 2u);
}

TEST(Cache, tells_addresses_apart_by_scheme_host_port_and_the_whole_target) {
  CacheBench bench;
  bench.server.says = page();
  for (const auto& request : std::vector<http::testing::FakeRequest>{{.target = "/a"},
                                                                     {.target = "/a?"},
                                                                     {.target = "/a?b"},
                                                                     {.target = "/A"},
                                                                     {.target = "/a", .authority = "example.com:81"},
                                                                     {.target = "/a", .authority = "example.org"},
                                                                     {.target = "/a", .secure = false}}) {
    EXPECT_EQ(bench.status_of(request), kStored) << request.target;
  }
  EXPECT_THAT(bench.status_of({.target = "/a", .authority = "EXAMPLE.com:443"}), StartsWith(kHit));
}

struct Kept {
  Said says;
  bool kept;
};

class Storing : public ::testing::TestWithParam<Kept> {};

TEST_P(Storing, follows_what_the_response_says) {
  CacheBench bench;
  bench.server.says = GetParam().says;
  bench.status_of({});
  EXPECT_EQ(bench.store.contents().responses, GetParam().kept ? 1u : 0u);
}

Said with(std::vector<std::pair<std::string, std::string>> fields, std::uint16_t status = 200) {
  return {.status = status, .fields = std::move(fields), .body = "x"};
}

// RFC 9111 3, and what is stricter here.
INSTANTIATE_TEST_SUITE_P(
    Rules, Storing,
    ::testing::Values(Kept{with({{"cache-control", "max-age=60"}}), true},
                      Kept{with({{"cache-control", "s-maxage=60"}}), true}, Kept{with({}), false},
                      Kept{with({{"etag", "\"a\""}}), false}, Kept{with({{"cache-control", "public"}}), false},
                      Kept{with({{"cache-control", "no-store, max-age=60"}}), false},
                      Kept{with({{"cache-control", "private, max-age=60"}}), false},
                      Kept{with({{"cache-control", "private=\"x\", max-age=60"}}), false},
                      Kept{with({{"cache-control", "max-age=0"}}), false},
                      Kept{with({{"cache-control", "no-cache"}, {"etag", "\"a\""}}), true},
                      Kept{with({{"cache-control", "max-age=60"}, {"set-cookie", "a=b"}}), false},
                      Kept{with({{"cache-control", "public, max-age=60"}, {"set-cookie", "a=b"}}), false},
                      Kept{with({{"cache-control", "max-age=60"}, {"vary", "*"}}), false},
                      Kept{with({{"cache-control", "max-age=60"}, {"vary", "accept, *"}}), false},
                      Kept{with({{"cache-control", "max-age=60"}, {"vary", "accept"}}), true},
                      Kept{with({{"cache-control", "max-age=60"}, {"age", "60"}}), false},
                      Kept{with({{"cache-control", "max-age=60"}, {"age", "59"}}), true},
                      Kept{with({{"cache-control", "max-age=60"}, {"content-range", "bytes 0-0/9"}}, 206), false},
                      Kept{with({{"expires", "Thu, 01 Jan 2099 00:00:00 GMT"}}), true},
                      Kept{with({{"expires", "Thu, 01 Jan 2015 00:00:00 GMT"}}), false},
                      Kept{with({{"expires", "0"}}), false}, Kept{with({{"cache-control", "max-age=60"}}, 404), true},
                      Kept{with({{"cache-control", "max-age=60"}}, 400), false},
                      Kept{with({{"cache-control", "max-age=60"}}, 403), false},
                      Kept{with({{"cache-control", "max-age=60"}}, 500), false},
                      Kept{with({{"cache-control", "max-age=60"}}, 503), false}));

TEST(Cache, leaves_requests_alone_that_no_kept_response_may_answer) {
  CacheBench bench;
  bench.server.says = page();
  bench.status_of({});
  const auto passes = [&](const http::testing::FakeRequest& request, std::string_view name, std::string_view value) {
    FakeExchange fake(request);
    if (!name.empty()) fake.add(name, value);
    const auto flow = bench.ask(fake);
    return flow == Flow::kNext && bench.server.asked.size() == 1u;
  };
  EXPECT_TRUE(passes({}, "authorization", "Basic YTpi"));
  tls::Facts known;
  known.client = std::make_shared<const tls::ClientCertificate>();
  EXPECT_TRUE(passes({.tls = &known}, "", ""));
  EXPECT_TRUE(passes({}, "cache-control", "no-store"));
  EXPECT_TRUE(passes({}, "if-match", "\"a\""));
  EXPECT_TRUE(passes({.body = "fat"}, "", ""));
  EXPECT_TRUE(passes({.method = "OPTIONS"}, "", ""));
  EXPECT_TRUE(passes({.upgrade = "websocket"}, "", ""));
  for (const auto* name : {"x-http-method-override", "x-original-url", "x-rewrite-url"}) {
    EXPECT_TRUE(passes({}, name, "/other")) << name;
  }
}

TEST(Cache, shows_the_server_nothing_that_stands_in_no_key_and_changes_what_it_says) {
  CacheBench bench;
  bench.server.says = page();
  FakeExchange fake;
  fake.add("x-forwarded-host", "evil.example");
  fake.add("x-forwarded-scheme", "http");
  fake.add("x-kept", "1");
  bench.ask(fake);
  EXPECT_EQ(bench.server.asked[0].field("x-forwarded-host"), "(none)");
  EXPECT_EQ(bench.server.asked[0].field("x-forwarded-scheme"), "(none)");
  EXPECT_EQ(bench.server.asked[0].field("x-kept"), "1");
}

TEST(Cache, keeps_nothing_only_because_its_name_looks_like_a_file) {
  CacheBench bench;
  bench.server.says = with({{"content-type", "text/html"}});
  bench.status_of({.target = "/account/x.css"});
  EXPECT_EQ(bench.store.contents().responses, 0u);
}

TEST(Cache, gives_requests_with_cookies_only_what_is_for_everyone) {
  CacheBench bench;
  bench.server.says = page("max-age=60");
  bench.status_of({});
  FakeExchange own;
  own.add("cookie", "session=1");
  bench.server.says = page("max-age=60", "yours");
  bench.ask(own);
  EXPECT_EQ(own.read_body(), "yours");
  EXPECT_EQ(bench.store.contents().responses, 1u);
  FakeExchange other;
  bench.ask(other);
  EXPECT_EQ(other.read_body(), "page");
  bench.server.says = page("public, max-age=60", "for all");
  FakeExchange everyone({.target = "/public"});
  everyone.add("cookie", "session=1");
  bench.ask(everyone);
  FakeExchange again({.target = "/public"});
  again.add("cookie", "session=2");
  bench.ask(again);
  EXPECT_THAT(std::string(again.field("cache-status")), StartsWith(kHit));
}

TEST(Cache, takes_cookies_for_nothing_where_that_is_configured) {
  CacheBench bench({.ignores_cookies = true});
  bench.server.says = page();
  bench.status_of({});
  FakeExchange fake;
  fake.add("cookie", "session=1");
  bench.ask(fake);
  EXPECT_THAT(std::string(fake.field("cache-status")), StartsWith(kHit));
}

TEST(Cache, keeps_variants_by_the_fields_that_vary_names) {
  CacheBench bench;
  bench.server.says = with({{"cache-control", "max-age=60"}, {"vary", "Accept-Language"}});
  const auto ask = [&](std::string_view language) {
    FakeExchange fake;
    fake.add("accept-language", language);
    bench.ask(fake);
    fake.read_body();
    return std::string(fake.field("cache-status"));
  };
  EXPECT_EQ(ask("de"), kStored);
  EXPECT_EQ(ask("en"), kStored);
  EXPECT_THAT(ask("de"), StartsWith(kHit));
  EXPECT_EQ(bench.store.contents().responses, 2u);
}

TEST(Cache, asks_whether_what_is_stale_is_still_true_and_refreshes_it) {
  CacheBench bench;
  bench.server.says = with({{"cache-control", "max-age=60"},
                            {"etag", "\"v1\""},
                            {"last-modified", "Thu, 01 Jan 2015 00:00:00 GMT"},
                            {"content-type", "text/css"}});
  bench.status_of({});
  bench.turn(seconds{100});
  bench.server.says = {.status = 304, .fields = {{"cache-control", "max-age=600"}, {"etag", "\"v1\""}}};
  FakeExchange fake;
  fake.add("if-none-match", "\"other\"");
  bench.ask(fake);
  EXPECT_EQ(bench.server.asked[1].field("if-none-match"), "\"v1\"");
  EXPECT_EQ(bench.server.asked[1].field("if-modified-since"), "Thu, 01 Jan 2015 00:00:00 GMT");
  EXPECT_EQ(fake.status(), 200);
  EXPECT_EQ(fake.read_body(), "x");
  EXPECT_EQ(fake.field("cache-status"), "gate443; fwd=stale; fwd-status=304");
  EXPECT_EQ(fake.field("content-type"), "text/css");
  bench.turn(seconds{599});
  EXPECT_EQ(bench.status_of({}), "gate443; hit; ttl=1");
}

TEST(Cache, puts_a_new_response_in_the_place_of_what_is_no_longer_true) {
  CacheBench bench;
  bench.server.says = with({{"cache-control", "no-cache"}, {"etag", "\"v1\""}});
  bench.status_of({});
  bench.server.says = with({{"cache-control", "max-age=60"}, {"etag", "\"v2\""}});
  bench.turn(seconds{1});
  EXPECT_EQ(bench.status_of({}), "gate443; fwd=stale; fwd-status=200; stored");
  EXPECT_THAT(bench.status_of({}), StartsWith(kHit));
  EXPECT_EQ(bench.store.contents().responses, 1u);
}

TEST(Cache, answers_the_clients_own_conditions) {
  CacheBench bench;
  bench.server.says = with({{"cache-control", "max-age=60"}, {"etag", "\"v1\""}, {"content-type", "text/css"}});
  for (int i = 0; i < 2; ++i) {  // on the way and from the shelf
    FakeExchange fake;
    fake.add("if-none-match", "\"v1\"");
    bench.ask(fake);
    EXPECT_EQ(fake.status(), 304);
    EXPECT_EQ(fake.field("etag"), "\"v1\"");
    EXPECT_EQ(fake.count("content-type"), 0u);
    EXPECT_EQ(fake.read_body(), "");
  }
  EXPECT_EQ(bench.server.asked.size(), 1u);
  EXPECT_EQ(bench.server.asked[0].field("if-none-match"), "(none)");
}

TEST(Cache, answers_a_range_from_the_whole) {
  CacheBench bench;
  bench.server.says = page("max-age=60", "0123456789");
  bench.status_of({});
  FakeExchange part;
  part.add("range", "bytes=2-4");
  bench.ask(part);
  EXPECT_EQ(part.status(), 206);
  EXPECT_EQ(part.field("content-range"), "bytes 2-4/10");
  EXPECT_EQ(part.read_body(), "234");
  FakeExchange beyond;
  beyond.add("range", "bytes=10-");
  bench.ask(beyond);
  EXPECT_EQ(beyond.status(), 416);
  EXPECT_EQ(beyond.field("content-range"), "bytes */10");
  EXPECT_EQ(bench.server.asked.size(), 1u);
  bench.server.says = page("max-age=60", std::string(1000, 'x'));
  bench.status_of({.target = "/large"});
  FakeExchange several({.target = "/large"});
  several.add("range", "bytes=0-0,900-900");
  bench.ask(several);
  EXPECT_EQ(several.status(), 200);
}

TEST(Cache, does_not_fetch_the_whole_for_a_part) {
  CacheBench bench;
  FakeExchange fake;
  fake.add("range", "bytes=2-4");
  EXPECT_EQ(bench.ask(fake), Flow::kNext);
}

TEST(Cache, answers_head_from_a_get_but_never_the_other_way) {
  CacheBench bench;
  bench.server.says = page();
  FakeExchange before({.method = "HEAD"});
  EXPECT_EQ(bench.ask(before), Flow::kNext);
  bench.status_of({});
  FakeExchange after({.method = "HEAD"});
  EXPECT_EQ(bench.ask(after), Flow::kTaken);
  EXPECT_EQ(after.response().body->length(), 4u);
}

TEST(Cache, gives_out_what_is_stale_while_it_asks_again) {
  CacheBench bench;
  bench.server.says = page("max-age=10, stale-while-revalidate=30", "old");
  bench.status_of({});
  bench.turn(seconds{11});
  bench.server.says = page("max-age=10", "new");
  bench.server.holds = true;
  FakeExchange stale;
  bench.ask(stale);
  EXPECT_EQ(stale.read_body(), "old");
  EXPECT_EQ(stale.field("cache-status"), "gate443; hit; ttl=-1");
  EXPECT_THAT(bench.status_of({}), StartsWith(kHit));
  EXPECT_EQ(bench.server.pending.size(), 1u);
  bench.server.answer();
  bench.turn();
  FakeExchange fresh;
  bench.ask(fresh);
  EXPECT_EQ(fresh.read_body(), "new");
}

TEST(Cache, never_gives_out_what_is_stale_where_the_server_forbids_it) {
  CacheBench bench({.stale_while_revalidate = seconds{100}, .stale_if_error = seconds{100}});
  for (const auto* said :
       {"max-age=10, must-revalidate, stale-while-revalidate=30", "max-age=10, proxy-revalidate", "s-maxage=10"}) {
    bench.server.says = page(said);
    bench.status_of({.target = said});
    bench.turn(seconds{11});
    EXPECT_THAT(bench.status_of({.target = said}), HasSubstr("fwd=stale")) << said;
  }
}

TEST(Cache, gives_out_what_is_stale_in_place_of_an_error) {
  CacheBench bench;
  bench.server.says = page("max-age=10, stale-if-error=30");
  bench.status_of({});
  bench.turn(seconds{11});
  bench.server.refuses = true;
  FakeExchange fake;
  bench.ask(fake);
  EXPECT_EQ(fake.status(), 200);
  EXPECT_EQ(fake.read_body(), "page");
  EXPECT_EQ(fake.field("cache-status"), "gate443; fwd=stale; fwd-status=502; ttl=-1; detail=stale-if-error");
  bench.turn(seconds{30});
  FakeExchange late;
  bench.ask(late);
  EXPECT_EQ(late.status(), 502);
}

TEST(Cache, forgets_what_a_successful_unsafe_request_has_changed) {
  CacheBench bench;
  bench.server.says = page();
  for (const auto* target : {"/a", "/b", "/c"}) bench.status_of({.target = target});
  FakeExchange post({.method = "POST", .target = "/a", .body = "x"});
  EXPECT_EQ(bench.ask(post), Flow::kNext);
  post.response().status = 303;
  post.response().fields.add("location", "/b#there");
  post.exchange().respond();
  EXPECT_EQ(bench.store.contents().responses, 1u);
  FakeExchange failed({.method = "DELETE", .target = "/c"});
  bench.ask(failed);
  failed.response().status = 403;
  failed.exchange().respond();
  EXPECT_EQ(bench.store.contents().responses, 1u);
}

TEST(Cache, purges_by_tag_of_either_name) {
  CacheBench bench;
  bench.server.says = with({{"cache-control", "max-age=60"}, {"cache-tag", "a, b"}});
  bench.status_of({.target = "/1"});
  bench.server.says = with({{"cache-control", "max-age=60"}, {"surrogate-key", "b c"}});
  bench.status_of({.target = "/2"});
  EXPECT_EQ(bench.store.purge({.by = Purge::By::kTag, .text = "c"}), 1u);
  EXPECT_EQ(bench.store.purge({.by = Purge::By::kTag, .text = "b"}), 1u);
}

TEST(Cache, answers_504_to_who_wants_only_what_is_kept) {
  CacheBench bench;
  FakeExchange fake;
  fake.add("cache-control", "only-if-cached");
  bench.ask(fake);
  EXPECT_EQ(fake.status(), 504);
  EXPECT_TRUE(bench.server.asked.empty());
}

TEST(Cache, tells_the_other_workers_and_hears_from_them) {
  CacheBench bench;
  bench.server.says = page();
  bench.status_of({});
  ASSERT_EQ(bench.told.size(), 1u);
  ASSERT_TRUE(bench.told[0].added);
  const ShelfChange added = bench.told[0];
  bench.store.receive({.statement = added.statement, .removed = {added.added->head}});
  EXPECT_EQ(bench.store.contents().responses, 0u);
  bench.store.receive(added);
  EXPECT_THAT(bench.status_of({}), StartsWith(kHit));
  bench.store.receive({.statement = std::make_shared<const CacheSettings>(), .removed = {added.added->head}});
  EXPECT_EQ(bench.store.contents().responses, 1u);
}

TEST(Cache, tells_the_others_when_what_it_has_stored_itself_is_purged) {
  CacheBench bench;
  bench.server.says = page();
  bench.status_of({});
  bench.told.clear();
  bench.store.purge({});
  ASSERT_EQ(bench.told.size(), 1u);
  EXPECT_EQ(bench.told[0].removed.size(), 1u);
}

TEST(Cache, limits_the_life_of_errors) {
  CacheBench bench;
  bench.server.says = with({{"cache-control", "max-age=3600"}}, 404);
  bench.status_of({});
  bench.turn(seconds{9});
  EXPECT_THAT(bench.status_of({}), StartsWith(kHit));
  bench.turn(seconds{1});
  EXPECT_THAT(bench.status_of({}), HasSubstr("fwd=stale"));
}

TEST(Cache, gives_responses_that_say_nothing_the_lifetime_of_the_configuration) {
  CacheBench bench({.lifetimes = {{200, seconds{30}}}});
  bench.server.says = with({});
  bench.status_of({});
  EXPECT_EQ(bench.status_of({}), "gate443; hit; ttl=30");
  bench.server.says = with({{"cache-control", "no-cache"}});
  bench.status_of({.target = "/other"});
  EXPECT_EQ(bench.store.contents().responses, 1u);
}

}  // namespace
}  // namespace gate::cache

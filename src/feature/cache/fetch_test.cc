#include "feature/cache/fetch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>

#include "feature/cache/bench_for_test.h"

namespace gate::cache {
namespace {

using http::BodyRead;
using http::Flow;
using http::testing::FakeExchange;
using http::testing::ScriptedBody;
using std::chrono::seconds;

TEST(Fetch, lets_one_request_fetch_and_the_others_wait) {
  CacheBench bench;
  bench.server.says = page();
  bench.server.holds = true;
  FakeExchange first;
  FakeExchange second;
  FakeExchange third;
  for (auto* each : {&first, &second, &third}) bench.ask(*each);
  EXPECT_EQ(bench.server.pending.size(), 1u);
  bench.server.answer();
  bench.turn();
  EXPECT_EQ(first.read_body(), "page");
  EXPECT_EQ(second.read_body(), "page");
  EXPECT_EQ(third.read_body(), "page");
  EXPECT_EQ(second.field("cache-status"), "gate443; fwd=uri-miss; collapsed");
  EXPECT_EQ(bench.server.asked.size(), 1u);
}

TEST(Fetch, lets_those_who_wait_go_on_once_it_is_known_that_the_response_is_not_to_be_kept) {
  CacheBench bench;
  bench.server.says = page("private");
  bench.server.holds = true;
  FakeExchange first;
  FakeExchange second;
  bench.ask(first);
  bench.ask(second);
  bench.server.answer();
  bench.turn();
  EXPECT_EQ(first.read_body(), "page");
  ASSERT_EQ(bench.server.pending.size(), 1u);
  bench.server.answer();
  EXPECT_EQ(second.read_body(), "page");
  // And for a while nobody waits at all.
  FakeExchange third;
  EXPECT_EQ(bench.ask(third), Flow::kNext);
  bench.turn(PassMarks::kLifetime);
  bench.server.holds = false;
  EXPECT_EQ(bench.status_of({}), "gate443; fwd=uri-miss; fwd-status=200");
}

TEST(Fetch, lets_those_who_wait_go_on_after_a_while) {
  CacheBench bench({.wait_max = seconds{5}});
  bench.server.holds = true;
  FakeExchange first;
  FakeExchange second;
  bench.ask(first);
  bench.ask(second);
  bench.turn(seconds{5});
  bench.turn(seconds{1});
  EXPECT_EQ(bench.server.pending.size(), 2u);
}

TEST(Fetch, bounds_those_who_wait) {
  CacheBench bench({.waiting_max = 1});
  bench.server.holds = true;
  FakeExchange first;
  FakeExchange second;
  FakeExchange third;
  EXPECT_EQ(bench.ask(first), Flow::kTaken);
  EXPECT_EQ(bench.ask(second), Flow::kTaken);
  EXPECT_EQ(bench.ask(third), Flow::kNext);
}

TEST(Fetch, answers_what_nothing_behind_takes_with_404) {
  CacheBench bench;
  bench.server.passes = true;
  FakeExchange fake;
  bench.ask(fake);
  EXPECT_EQ(fake.status(), 404);
  EXPECT_EQ(bench.store.contents().responses, 0u);
}

TEST(Fetch, fetches_to_the_end_although_the_client_is_gone) {
  CacheBench bench;
  ScriptedBody::Script script;
  bench.server.script = &script;
  bench.server.says = page();
  {
    FakeExchange gone;
    bench.ask(gone);
  }
  script.add("whole");
  script.end();
  bench.turn();
  EXPECT_EQ(bench.store.contents().responses, 1u);
  bench.server.script = nullptr;
  FakeExchange fake;
  bench.ask(fake);
  EXPECT_EQ(fake.read_body(), "whole");
}

TEST(Fetch, hands_a_response_on_as_it_comes) {
  CacheBench bench;
  ScriptedBody::Script script;
  bench.server.script = &script;
  bench.server.says = page();
  FakeExchange fake;
  bench.ask(fake);
  script.add("one ");
  bench.turn();
  EXPECT_EQ(fake.read_body(), "one ");
  EXPECT_EQ(fake.last_read(), BodyRead::State::kWait);
  script.add("two");
  script.end();
  bench.turn();
  EXPECT_EQ(fake.read_body(), "two");
  EXPECT_EQ(fake.last_read(), BodyRead::State::kEnd);
}

TEST(Fetch, never_keeps_a_body_that_failed) {
  CacheBench bench;
  ScriptedBody::Script script;
  bench.server.script = &script;
  bench.server.says = page();
  FakeExchange fake;
  bench.ask(fake);
  script.add("half");
  bench.turn();
  script.fail();
  bench.turn();
  EXPECT_EQ(fake.read_body(), "");
  EXPECT_EQ(fake.last_read(), BodyRead::State::kFailed);
  EXPECT_EQ(bench.store.contents().responses, 0u);
}

TEST(Fetch, hands_on_whole_what_turns_out_to_be_too_large) {
  CacheBench bench({.response_bytes_max = 1000});
  ScriptedBody::Script script;
  bench.server.script = &script;
  bench.server.says = page();
  FakeExchange fake;
  bench.ask(fake);
  script.add(std::string(1500, 'a'));
  bench.turn();
  script.add(std::string(1500, 'b'));
  script.end();
  bench.turn();
  EXPECT_EQ(fake.read_body(), std::string(1500, 'a') + std::string(1500, 'b'));
  EXPECT_EQ(fake.last_read(), BodyRead::State::kEnd);
  EXPECT_EQ(bench.store.contents().responses, 0u);
}

TEST(Fetch, keeps_nothing_that_was_asked_for_before_a_purge) {
  CacheBench bench;
  bench.server.says = page();
  bench.server.holds = true;
  FakeExchange fake;
  bench.ask(fake);
  bench.store.purge({});
  bench.server.answer();
  bench.turn();
  EXPECT_EQ(fake.read_body(), "page");
  EXPECT_EQ(bench.store.contents().responses, 0u);
}

CacheSettings with_disk() { return {.disk_folder = "/kept", .disk_bytes_max = 1'000'000}; }

TEST(Fetch, asks_the_disk_before_the_server_and_answers_with_what_is_fresh_there) {
  CacheBench bench(with_disk());
  bench.server.says = page();
  bench.status_of({});
  ASSERT_EQ(bench.disk.asked.size(), 1u);
  EXPECT_TRUE(bench.server.asked.empty());
  FakeExchange first;
  bench.ask(first);
  bench.store.loaded(bench.disk.asked[0].statement, bench.disk.asked[0].asker, {});
  bench.turn();
  ASSERT_EQ(bench.disk.saved.size(), 1u);
  EXPECT_EQ(first.read_body(), "page");

  CacheBench restarted(with_disk());
  FakeExchange second;
  restarted.ask(second);
  const auto& asked = restarted.disk.asked.at(0);
  EXPECT_EQ(asked.key, "https://example.com/");
  restarted.store.loaded(asked.statement, asked.asker, {bench.disk.saved[0]});
  restarted.turn();
  EXPECT_EQ(second.read_body(), "page");
  EXPECT_TRUE(restarted.server.asked.empty());
  EXPECT_EQ(restarted.status_of({}), "gate443; hit; ttl=60");
  EXPECT_TRUE(restarted.disk.saved.empty());
}

TEST(Fetch, does_not_wait_for_a_disk_that_hangs) {
  CacheBench bench(with_disk());
  bench.server.says = page();
  FakeExchange fake;
  bench.ask(fake);
  bench.turn(seconds{6});
  EXPECT_EQ(fake.read_body(), "page");
  bench.store.loaded(bench.disk.asked[0].statement, bench.disk.asked[0].asker, {});
}

TEST(Fetch, takes_nothing_from_the_disk_that_was_purged_meanwhile) {
  CacheBench bench(with_disk());
  bench.server.says = page("max-age=60", "old");
  FakeExchange fake;
  bench.ask(fake);
  const auto asked = bench.disk.asked.at(0);
  bench.store.loaded(asked.statement, asked.asker, {});
  bench.turn();
  FakeExchange again({.target = "/other"});
  bench.ask(again);
  bench.store.purge({});
  EXPECT_FALSE(bench.disk.removed.empty());
  bench.server.says = page("max-age=60", "new");
  bench.store.loaded(asked.statement, bench.disk.asked.at(1).asker, {bench.disk.saved[0]});
  bench.turn();
  EXPECT_EQ(again.read_body(), "new");
  EXPECT_EQ(bench.store.contents().responses, 0u);
}

}  // namespace
}  // namespace gate::cache

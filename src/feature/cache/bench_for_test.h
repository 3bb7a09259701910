#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "feature/cache/cache.h"
#include "feature/cache/store.h"
#include "http/service.h"
#include "http/testing/fake_exchange.h"
#include "http/testing/scripted_body.h"
#include "loop/loop.h"

namespace gate::cache {

// What a test's server answers with.
struct Said {
  std::uint16_t status = 200;
  std::vector<std::pair<std::string, std::string>> fields{};
  std::string body{};
};

inline Said page(std::string cache_control = "max-age=60", std::string body = "page") {
  return {.fields = {{"cache-control", std::move(cache_control)}}, .body = std::move(body)};
}

// What stands behind the cache: notes what it is asked and answers it, or waits until it is told to.
class FakeServer final : public http::Service {
 public:
  struct Asked {
    std::string method;
    std::string target;
    std::vector<std::pair<std::string, std::string>> fields;

    std::string field(std::string_view name) const {
      for (const auto& [each, value] : fields) {
        if (each == name) return value;
      }
      return "(none)";
    }
  };

  http::Flow handle(http::Exchange& exchange) override {
    Asked& now =
        asked.emplace_back(Asked{std::string(exchange.request.method_text), std::string(exchange.request.target), {}});
    for (const auto& field : exchange.request.fields) now.fields.emplace_back(field.name, field.value);
    if (passes) return http::Flow::kNext;
    pending.push_back(&exchange);
    if (!holds) answer();
    return http::Flow::kTaken;
  }

  // Answers the request that waits longest.
  void answer() {
    http::Exchange& exchange = *pending.front();
    pending.pop_front();
    if (refuses) return exchange.refuse({502, base::ErrorCode{6000}, "down"});
    exchange.response.status = says.status;
    for (const auto& [name, value] : says.fields) {
      exchange.response.fields.add(exchange.arena().copy(name), exchange.arena().copy(value));
    }
    if (script) {
      exchange.response.body = exchange.make_body<http::testing::ScriptedBody>(*script, exchange.arena());
    } else if (says.status != 304) {
      exchange.response.body = exchange.make_text_body(exchange.arena().copy(says.body));
    }
    exchange.respond();
  }

  Said says;
  bool holds = false;
  bool refuses = false;
  bool passes = false;
  http::testing::ScriptedBody::Script* script = nullptr;
  std::vector<Asked> asked;
  std::deque<http::Exchange*> pending;
};

// A disk whose answers a test gives.
class FakeDisk final : public StoreDisk {
 public:
  void save(const Statement&, const StoredResponse& response) override { saved.push_back(response); }
  void load(const Statement& statement, const std::string& key, FetchAddress asker) override {
    asked.push_back({statement, key, asker});
  }
  void remove(const Statement&, const Purge& purge) override { removed.push_back(purge); }

  struct Asked {
    Statement statement;
    std::string key;
    FetchAddress asker;
  };
  std::vector<StoredResponse> saved;
  std::vector<Asked> asked;
  std::vector<Purge> removed;
};

// A worker with one `cache` statement in front of a server.
class CacheBench final : private StorePeers {
 public:
  explicit CacheBench(CacheSettings settings = {}) : plan_(std::move(settings)) {
    auto loop = loop::Loop::create(clock);
    GATE_CHECK(loop.has_value());
    loop_ = *std::move(loop);
    service_ = plan_.build({.clock = *loop_, .loop = loop_.get(), .responses = &store});
    service_->precede(server);
    turn();
  }
  // Runs what is due, and what follows from it.
  void turn(std::chrono::seconds later = std::chrono::seconds{0}) {
    clock.instant += later;
    clock.wall_time += later;
    for (int i = 0; i < 4; ++i) loop_->turn(clock.instant);
  }

  http::Flow ask(http::testing::FakeExchange& fake) {
    const auto flow = fake.run(*service_);
    turn();
    return flow;
  }

  // The Cache-Status of a plain request.
  std::string status_of(const http::testing::FakeRequest& request) {
    http::testing::FakeExchange fake(request);
    if (ask(fake) == http::Flow::kNext) return "next";
    fake.read_body();
    return std::string(fake.field("cache-status"));
  }

  http::testing::FakeClock clock;
  FakeServer server;
  std::vector<ShelfChange> told;  // to the other workers
  observe::CacheCounters counters;
  FakeDisk disk;
  Store store{3, this, &disk, counters};

 private:
  void tell_others(std::size_t, const ShelfChange& change) override { told.push_back(change); }

  CachePlan plan_;
  std::unique_ptr<loop::Loop> loop_;
  std::unique_ptr<http::Service> service_;
};

}  // namespace gate::cache

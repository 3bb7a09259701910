#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/arena.h"
#include "base/clock.h"
#include "http/cache_budget.h"
#include "http/connection_info.h"
#include "http/limits.h"
#include "http/media_type.h"
#include "http/wire.h"
#include "server/plan.h"
#include "server/site_table.h"

namespace gate::bench {

// Time that stands still, so that two runs do the same.
class StillClock final : public base::Clock {
 public:
  base::Instant now() const override { return base::Instant{std::chrono::hours(1)}; }
  base::WallTime wall() const override { return base::WallTime{std::chrono::seconds(1'800'000'000)}; }
};

// What requests meet in a worker from the wire to the answer, without sockets, TLS and log: a site that a configuration
// describes, with an answer of 300 bytes.
class Stage final : public http::Dispatcher, public http::WireObserver, public http::WireHost {
 public:
  static constexpr std::size_t kBodyBytes = 300;

  Stage();

  http::WireContext& context() { return context_; }
  const http::ConnectionInfo& connection() const { return connection_; }
  const http::Limits& limits() const { return limits_; }
  // Requests that were answered with 200.
  std::uint64_t answered() const { return answered_; }

 private:
  void dispatch(http::Exchange& exchange) override;
  void finished(const http::Exchange& exchange) override;
  void violation(const http::ConnectionInfo&, const http::WireEvent& event) override;
  void wake() override {}

  const StillClock clock_;
  std::shared_ptr<const server::Plan> plan_;
  const http::MediaTypes media_types_;
  http::CacheBudget cache_{http::CacheBudget::kDefaultLimit};
  server::SiteTable sites_{{.clock = clock_, .cache = &cache_, .media_types = &media_types_}};
  http::Limits limits_;
  http::ConnectionInfo connection_;
  const http::TurnTime time_{clock_.now(), clock_.wall(), "Fri, 15 Jan 2027 08:00:00 GMT"};
  base::BlockPool blocks_;
  std::uint64_t next_id_ = 1;
  std::vector<std::byte> scratch_ = std::vector<std::byte>(http::kScratchBytes);
  http::WireContext context_{blocks_, time_, *this, next_id_, nullptr, scratch_};
  std::uint64_t answered_ = 0;
};

// A warm connection that makes requests.
class Client {
 public:
  // At a time, where the protocol has several: what a browser asks for that reads a page.
  static constexpr std::size_t kStreams = 32;

  virtual ~Client() = default;
  // kStreams requests and their answers.
  virtual void serve() = 0;
};

std::unique_ptr<Client> connect_h1(Stage& stage);
std::unique_ptr<Client> connect_h2(Stage& stage);
std::unique_ptr<Client> connect_h3(Stage& stage);

}  // namespace gate::bench

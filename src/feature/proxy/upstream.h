#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "client/context.h"
#include "feature/proxy/choice.h"
#include "feature/proxy/settings.h"

namespace gate::proxy {

// One server of the list.
struct Server {
  const ServerSettings* settings = nullptr;
  std::string authority;        // "localhost:3000"
  std::uint64_t name_hash = 0;  // of the name, the same in every process
  client::PoolUse pool;
  client::ServerRecord* record = nullptr;
  double turn = 0;  // what it has saved up in the round robin

  std::uint32_t weight() const { return record->weight > 0 ? record->weight : settings->weight; }
};

// The servers of one `proxy` statement on one worker: which of them is next, and how they have been doing.
class Upstream {
 public:
  // Both outlive it.
  Upstream(const ProxySettings& settings, client::Context& context);
  ~Upstream();
  Upstream(const Upstream&) = delete;
  Upstream& operator=(const Upstream&) = delete;

  std::span<Server> servers() { return servers_; }

  // The server for the next attempt, or null when none is left that was not tried.
  Server* choose(const Choice& choice);

  // How an attempt went: whether the server is to blame for a failure.
  void note_success(Server& server, base::Duration first_byte);
  void note_failure(Server& server);

  // Whether one more attempt may be made: they may add a fifth to the load, and ten at once, so that a server that is
  // down is not buried under repetitions.
  bool take_retry();
  void earn_retry();

 private:
  bool usable(const Server& server) const;
  double present_weight(const Server& server) const;
  double load(const Server& server) const;
  Server* choose_among(const std::vector<Server*>& candidates, const Choice& choice);
  Server* in_turn(const std::vector<Server*>& candidates);
  Server* of_two(const std::vector<Server*>& candidates);

  const ProxySettings& settings_;
  client::Context& context_;
  std::vector<Server> servers_;
  std::vector<Server*> candidates_;  // while choosing
  std::minstd_rand random_;
  double retries_left_ = 10;
};

}  // namespace gate::proxy

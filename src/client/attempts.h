#pragma once

#include <cstdint>

#include "base/clock.h"
#include "client/server_record.h"
#include "http/call.h"
#include "http/exchange.h"
#include "http/upstream_facts.h"
#include "loop/loop.h"

namespace gate::client {

// Writes down how servers are asked for one exchange, attempt by attempt: in the servers' records for the metrics, and
// at the exchange for its line in the log.
class Attempts {
 public:
  // Both outlive it.
  Attempts(http::Exchange& exchange, const loop::Loop& loop);
  ~Attempts() { end(); }
  Attempts(const Attempts&) = delete;
  Attempts& operator=(const Attempts&) = delete;

  // A server is asked; the attempt before has ended.
  void begin(ServerRecord& record);

  // The head of its response has come.
  void responded(const http::Call& call);

  // There will be none, or no more of it. The reason lives as long as the exchange.
  void failed(const http::Call& call, const http::CallFailure& failure);

  // The attempt is over, however it went. Does nothing when there is none.
  void end();

  bool under_way() const { return record_ != nullptr; }
  std::uint32_t count() const { return facts_.attempts; }
  base::Duration since_begin() const { return loop_.now() - began_; }

 private:
  void note_waits(const http::Call& call);

  const loop::Loop& loop_;
  http::UpstreamFacts& facts_;
  ServerRecord* record_ = nullptr;  // null between attempts
  http::UpstreamAttempt* attempt_ = nullptr;
  base::Instant began_{};
};

}  // namespace gate::client

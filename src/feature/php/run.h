#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "client/attempts.h"
#include "client/pool.h"
#include "client/server_record.h"
#include "feature/php/php.h"
#include "feature/php/script.h"
#include "http/call.h"
#include "http/exchange.h"

namespace gate::php {

// What scripts are run on.
struct Server {
  const loop::Loop& loop;
  client::Pool& pool;
  client::ServerRecord& record;
};

// One run of a script: the call to its server, and the response as the body of the exchange's. It is the exchange's
// response body from the beginning, so that it ends with the exchange whatever comes before.
class Run final : public http::BodySource, private http::CallListener, private http::BodyWaker {
 public:
  // Both outlive it.
  Run(const Server& server, http::Exchange& exchange);
  ~Run() override { call_.cancel(); }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  void start(const Script& script, const PhpOptions& options);

  http::BodyRead read(std::span<std::byte> into) override;
  std::optional<std::uint64_t> length() const override { return body_length_; }

 private:
  void informed(http::Call&, std::uint16_t, const http::FieldList&) override {}
  void responded(http::Call& call) override;
  void failed(http::Call& call, const http::CallFailure& failure) override;
  void body_ready() override { wake(); }

  bool may_repeat(const http::CallFailure& failure) const;

  void attempt();
  void note_diagnostics();

  const Server server_;
  http::Exchange& exchange_;
  http::FieldList parameters_;
  http::Call call_;
  client::Attempts attempts_;
  std::optional<std::uint64_t> body_length_;
};

}  // namespace gate::php

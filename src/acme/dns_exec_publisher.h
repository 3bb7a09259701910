#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "acme/dns_hook_publisher.h"
#include "base/clock.h"
#include "loop/command_run.h"
#include "loop/loop.h"

namespace gate::acme {

struct ExecSettings {
  std::vector<std::string> command;  // the program and its first arguments
  base::Duration deadline = std::chrono::minutes(2);
};

// Makes records by a program: PROGRAM ARGUMENTS… present|cleanup NAME VALUE. No shell is involved. GATE443_ZONE has the
// zone that NAME is in. Exit code 0 says that it is done.
class DnsExecPublisher final : public DnsHookPublisher {
 public:
  // `loop` outlives it. A program that runs when it is destroyed is killed.
  DnsExecPublisher(loop::Loop& loop, ExecSettings settings) : loop_(loop), settings_(std::move(settings)) {}

 private:
  void begin(const HookTask& task) override;
  base::Result<> judge(const base::Result<os::CommandOutcome>& outcome, std::string_view action) const;

  loop::Loop& loop_;
  ExecSettings settings_;
  std::optional<loop::CommandRun> run_;
};

}  // namespace gate::acme

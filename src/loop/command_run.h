#pragma once

#include <functional>
#include <memory>

#include "base/result.h"
#include "loop/loop.h"
#include "os/process.h"

namespace gate::loop {

// Runs a program to its end while the loop does something else.
class CommandRun {
 public:
  using Done = std::function<void(base::Result<os::CommandOutcome>)>;

  // `loop` outlives it. Destroying it kills the program; that may happen within `done`.
  explicit CommandRun(Loop& loop);
  ~CommandRun();
  CommandRun(const CommandRun&) = delete;
  CommandRun& operator=(const CommandRun&) = delete;

  // Once. `done` is called later, never from within, with what os::run_command would have returned.
  void start(os::Command command, Done done);

 private:
  class Work;

  Loop& loop_;
  std::unique_ptr<Work> work_;
};

}  // namespace gate::loop

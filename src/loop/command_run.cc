#include "loop/command_run.h"

#include <optional>
#include <utility>

#include "base/check.h"

namespace gate::loop {

// Outlives the run by a turn, since events that were fetched already may name it.
class CommandRun::Work final : public Mortal, private Timer, private TurnEnd {
 public:
  Work(Loop& loop, os::Command command, Done done)
      : loop_(loop), command_(std::move(command)), done_(std::move(done)) {}
  ~Work() override { end(); }

  void start();
  void give_up() {
    end();
    done_ = nullptr;
  }

 private:
  struct Ear final : Watcher {
    Ear(Work& of, void (Work::*then)()) : work(of), told(then) {}
    void on_ready(Readiness) override {
      if (work.running_) (work.*told)();
    }
    Work& work;
    void (Work::*told)();
  };

  void on_timer() override;
  void on_turn_end() override;
  base::Result<> watch();
  // The loop forgets a stream by itself that is closed at its end.
  void on_output() { running_->take_output(); }
  void on_errors() { running_->take_errors(); }
  void on_ended() { settle(finish()); }
  os::CommandOutcome finish();
  void settle(base::Result<os::CommandOutcome> outcome);
  void end();

  Loop& loop_;
  os::Command command_;
  Done done_;
  std::optional<os::RunningCommand> running_;
  Ear output_{*this, &Work::on_output};
  Ear errors_{*this, &Work::on_errors};
  Ear ended_{*this, &Work::on_ended};
  std::optional<base::Result<os::CommandOutcome>> outcome_;
};

void CommandRun::Work::start() {
  auto running = os::RunningCommand::start(command_);
  if (!running) return settle(base::fail(std::move(running.error())));
  running_.emplace(*std::move(running));
  if (auto watched = watch(); !watched) {
    end();
    return settle(base::fail(std::move(watched.error())));
  }
  loop_.arm(*this, loop_.now() + command_.deadline);
}

base::Result<> CommandRun::Work::watch() {
  GATE_TRY(loop_.watch(running_->output(), output_, Loop::Mode::kLevel));
  GATE_TRY(loop_.watch(running_->errors(), errors_, Loop::Mode::kLevel));
  return loop_.watch(running_->ended(), ended_, Loop::Mode::kLevel);
}

void CommandRun::Work::on_timer() {
  if (running_) settle(base::fail(os::timed_out(command_, finish().errors)));
}

os::CommandOutcome CommandRun::Work::finish() {
  os::CommandOutcome outcome = running_->finish();
  end();
  return outcome;
}

void CommandRun::Work::settle(base::Result<os::CommandOutcome> outcome) {
  outcome_ = std::move(outcome);
  loop_.schedule(*this);
}

void CommandRun::Work::on_turn_end() {
  auto done = std::exchange(done_, nullptr);
  if (done) done(*std::move(outcome_));
}

void CommandRun::Work::end() {
  if (!running_) return;
  for (const int descriptor : {running_->output(), running_->errors(), running_->ended()}) {
    if (descriptor >= 0) loop_.unwatch(descriptor);
  }
  running_.reset();
}

CommandRun::CommandRun(Loop& loop) : loop_(loop) {}

CommandRun::~CommandRun() {
  if (!work_) return;
  work_->give_up();
  loop_.bury(std::move(work_));
}

void CommandRun::start(os::Command command, Done done) {
  GATE_CHECK(!work_);
  work_ = std::make_unique<Work>(loop_, std::move(command), std::move(done));
  work_->start();
}

}  // namespace gate::loop

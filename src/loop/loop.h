#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/intrusive_list.h"
#include "base/result.h"
#include "loop/mailbox.h"
#include "loop/timer_wheel.h"
#include "observe/counter.h"
#include "os/fd.h"

namespace gate::loop {

// What has become possible on a descriptor.
struct Readiness {
  bool readable = false;  // data, the peer's end, or an error that a read will tell
  bool writable = false;
  bool ended = false;  // the peer's end or an error stands behind the data, and no further edge will tell
};

// Told when a watched descriptor becomes ready.
class Watcher {
 public:
  virtual void on_ready(Readiness readiness) = 0;

 protected:
  ~Watcher() = default;
};

// Called once at the end of the turn in which it was scheduled: for work that is better done once for many events,
// like sending.
class TurnEnd : private base::ListNode<TurnEnd> {
 public:
  virtual ~TurnEnd() = default;

  bool scheduled() const { return linked(); }

 protected:
  virtual void on_turn_end() = 0;

 private:
  friend class Loop;
  friend class base::IntrusiveList<TurnEnd>;
};

// Told about the turns themselves: one object a loop at most, its owner's.
class TurnObserver {
 public:
  // The clocks have just been read; nothing has been called yet.
  virtual void on_turn_start() = 0;

  // The turn took longer than Loop::kStallThreshold and kept everything else waiting.
  virtual void on_stall(base::Duration duration) = 0;

 protected:
  ~TurnObserver() = default;
};

// Anything that must not die while its own functions are on the stack.
class Mortal {
 public:
  virtual ~Mortal() = default;
};

// The event loop of one thread: readiness, timers, tasks from other threads. Everything but post() and stop() belongs
// to the thread that runs it.
//
// A turn: wait, ready watchers, tasks, timers, turn ends, graveyard. Time is read once a turn.
class Loop final : public base::Clock {
 public:
  // A turn longer than this starves every other connection of the worker.
  static constexpr std::chrono::milliseconds kStallThreshold{100};

  // How a descriptor is watched.
  enum class Mode : std::uint8_t {
    kEdges,  // both directions, told once for each change: watched once for a connection's life
    kLevel,  // reading only, told each turn while it is readable: listeners, datagrams
  };

  // What a descriptor of kLevel is watched for.
  struct Interest {
    bool reading = true;
    bool writing = false;
  };

  static base::Result<std::unique_ptr<Loop>> create(const base::Clock& system);
  Loop(const base::Clock& system, os::Fd queue, std::unique_ptr<Mailbox> mailbox);
  ~Loop() override;

  // The watcher is buried (see bury) or unwatches before it dies.
  [[nodiscard]] base::Result<> watch(int descriptor, Watcher& watcher, Mode mode);
  void unwatch(int descriptor);

  // Watches a descriptor of kLevel for something else from now on, such as writing while it is full.
  void change_watch(int descriptor, Watcher& watcher, Interest interest);

  // `observer` outlives the loop's turns; null for none.
  void observe_turns(TurnObserver* observer) { observer_ = observer; }

  void arm(Timer& timer, base::Instant when) { timers_.arm(timer, when); }
  void schedule(TurnEnd& work);

  // Keeps the dead until the end of the turn: events already fetched may still name it, and callers further up the
  // stack are its own functions. It must ignore both.
  void bury(std::unique_ptr<Mortal> dead) { graveyard_.push_back(std::move(dead)); }

  // Runs `task` on the loop's thread, in its next turn. From any thread.
  void post(Task task) { mailbox_->post(std::move(task)); }

  // Runs until stop().
  void run();
  void stop();

  // One turn; waits at most until `until`. For tests and for run().
  void turn(base::Instant until);

  base::Instant now() const override { return now_; }
  base::WallTime wall() const override { return wall_; }

  // How many turns there were: a number that stands still while posts wait tells of a frozen worker. Any thread.
  const observe::Counter& turns() const { return turns_; }

 private:
  static constexpr int kEventsMax = 256;

  void read_clocks();
  void wait(base::Instant until);
  void run_turn_ends();

  const base::Clock& system_;
  os::Fd queue_;
  std::unique_ptr<Mailbox> mailbox_;
  TimerWheel timers_;
  base::IntrusiveList<TurnEnd> turn_ends_;
  std::vector<std::unique_ptr<Mortal>> graveyard_;
  base::Instant now_;
  base::WallTime wall_;
  TurnObserver* observer_ = nullptr;
  bool mail_ = false;
  std::atomic<bool> stopping_{false};
  observe::Counter turns_;
};

}  // namespace gate::loop

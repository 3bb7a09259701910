#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "app/log/log_output.h"
#include "base/clock.h"
#include "base/result.h"
#include "observe/audit.h"
#include "observe/counter.h"
#include "observe/ring.h"
#include "os/fd.h"

namespace gate::app {

// What has become of the lines of one destination.
struct LogSinkFacts {
  std::string destination;
  std::uint64_t written = 0;
  std::uint64_t dropped = 0;  // the destination failed or was too slow
};

// The one thread that writes logs: takes finished lines from the rings of all workers and puts them where they belong.
// A destination that fails loses its own lines, which are counted, and holds up nobody: it is tried again with every
// batch. The beginning of such an outage and its end, with the number of lines lost, are audit events.
//
// Sinks are named by number, as in observe::LogTarget. Methods but wake_reader() are called by one thread.
class LogWriter final : public observe::RingReaderWaker {
 public:
  // `clock` outlives the writer and may be read by any thread. Standard error is open as kStandardError.
  static base::Result<std::unique_ptr<LogWriter>> create(const base::Clock& clock);

  // For create(): `wake` is an event descriptor.
  LogWriter(const base::Clock& clock, os::Fd wake) : clock_(clock), wake_(std::move(wake)) {}
  ~LogWriter();

  static constexpr std::uint16_t kStandardError = 0;

  // The sink for a destination, the open one where there is one. Never closed: a reload may name it again.
  base::Result<std::uint16_t> open(const LogDestination& destination);

  // Where the writer's own events go, once it is not standard error. An event about this sink still goes there.
  void use_audit(std::uint16_t sink, observe::AuditFormat format);

  // A ring to take lines from; it outlives the writer, or is removed before it dies. Removing takes what is in it.
  void add_ring(observe::RecordRing& ring);
  void remove_ring(observe::RecordRing& ring);

  // Starts the thread; before that, nothing is written.
  void start();

  // Opens all files anew, as after a rotation (SIGHUP). Files that were moved are followed without this, within about a
  // second.
  void reopen();

  // Waits until everything asked for and all lines that are in the rings now have been handled.
  void flush();

  // Handles what is in the rings and ends the thread.
  void stop();

  std::vector<LogSinkFacts> facts() const;

  // Lines lost because a ring was full.
  std::uint64_t ring_drops() const;

  void wake_reader() override;

 private:
  struct Sink {
    LogDestination destination;
    std::unique_ptr<LogOutput> output;
    observe::Counter written;
    observe::Counter dropped;
    // The thread's own.
    std::vector<std::string_view> batch{};
    std::uint64_t dropped_before = 0;  // when the outage began
    bool failing = false;
    bool move_reported = false;
  };
  // What a pass of the thread works on. Sinks live as long as the writer, rings until remove_ring() has seen a pass
  // end.
  struct Pass {
    std::vector<Sink*> sinks;
    std::vector<observe::RecordRing*> rings;
    Sink* audit = nullptr;
    observe::AuditFormat audit_format = observe::AuditFormat::kText;
    std::uint64_t number = 0;
    bool reopen = false;
    bool last = false;
  };
  struct State {
    std::vector<std::unique_ptr<Sink>> sinks;
    std::vector<observe::RecordRing*> rings;
    std::uint64_t drops_of_removed_rings = 0;
    std::uint16_t audit_sink = kStandardError;
    observe::AuditFormat audit_format = observe::AuditFormat::kText;
    std::uint64_t passes_begun = 0;
    std::uint64_t passes_ended = 0;
    bool reopen = false;
    bool stopping = false;
  };

  void run();
  void wait_for_work(int milliseconds) const;
  Pass begin_pass();
  void end_pass(const Pass& pass);
  void drain(const Pass& pass);
  void write_batch(Sink& sink, const Pass& pass);
  void note_outcome(Sink& sink, const LogOutcome& outcome, const Pass& pass);
  void note_ring_drops(const Pass& pass);
  void follow_moved_file(Sink& sink, const Pass& pass);
  void flush_slow_readers(const Pass& pass);
  void report(const Sink* about, base::ErrorCode code, std::string_view text, std::uint64_t count, const Pass& pass);

  const base::Clock& clock_;
  const os::Fd wake_;
  std::thread thread_;

  mutable std::mutex mutex_;
  std::condition_variable pass_ended_;
  State state_;  // under the mutex

  // The thread's own.
  base::Instant last_check_;
  std::uint64_t ring_drops_seen_ = 0;
  std::uint64_t ring_drops_before_ = 0;
  bool overrun_ = false;
};

}  // namespace gate::app

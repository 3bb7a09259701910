#include "app/log/log_writer.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>

#include "app/log/codes.h"
#include "base/check.h"
#include "observe/log_producer.h"
#include "os/errno.h"

namespace gate::app {
namespace {

using namespace std::chrono_literals;

constexpr int kPassMilliseconds = 100;         // how old a line gets on a quiet server
constexpr base::Duration kCheckInterval = 1s;  // for moved files
constexpr int kSlowReaderPasses = 100;         // a second in all, at the end
constexpr int kSlowReaderMilliseconds = 10;

}  // namespace

base::Result<std::unique_ptr<LogWriter>> LogWriter::create(const base::Clock& clock) {
  os::Fd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.valid()) return base::fail(os::system_error(kCannotOpenLog, "cannot start the log writer"));
  auto writer = std::make_unique<LogWriter>(clock, std::move(wake));
  GATE_TRY(writer->open({.kind = LogDestination::Kind::kStderr}));
  return writer;
}

LogWriter::~LogWriter() { stop(); }

base::Result<std::uint16_t> LogWriter::open(const LogDestination& destination) {
  const std::scoped_lock lock(mutex_);
  auto& sinks = state_.sinks;
  const auto known = std::ranges::find(sinks, destination, [](const auto& sink) { return sink->destination; });
  if (known != sinks.end()) return static_cast<std::uint16_t>(known - sinks.begin());
  if (sinks.size() >= observe::LogTarget::kOff) {
    return base::fail({.code = kCannotOpenLog, .what = "too many different log files"});
  }
  GATE_TRY_ASSIGN(auto output, open_log_output(destination));
  sinks.push_back(std::make_unique<Sink>(destination, std::move(output)));
  return static_cast<std::uint16_t>(sinks.size() - 1);
}

void LogWriter::use_audit(std::uint16_t sink, observe::AuditFormat format) {
  const std::scoped_lock lock(mutex_);
  GATE_CHECK(sink < state_.sinks.size());
  state_.audit_sink = sink;
  state_.audit_format = format;
}

void LogWriter::add_ring(observe::RecordRing& ring) {
  const std::scoped_lock lock(mutex_);
  state_.rings.push_back(&ring);
}

void LogWriter::remove_ring(observe::RecordRing& ring) {
  flush();
  {
    const std::scoped_lock lock(mutex_);
    std::erase(state_.rings, &ring);
    state_.drops_of_removed_rings += ring.dropped();
  }
  flush();  // a pass that began before is over after this
}

void LogWriter::start() {
  GATE_CHECK(!thread_.joinable());
  thread_ = std::thread([this] { run(); });
}

void LogWriter::reopen() {
  {
    const std::scoped_lock lock(mutex_);
    state_.reopen = true;
  }
  wake_reader();
}

void LogWriter::flush() {
  if (!thread_.joinable()) return;
  std::unique_lock lock(mutex_);
  const std::uint64_t wanted = state_.passes_begun + 1;
  wake_reader();
  pass_ended_.wait(lock, [&] { return state_.passes_ended >= wanted; });
}

void LogWriter::stop() {
  if (!thread_.joinable()) return;
  {
    const std::scoped_lock lock(mutex_);
    state_.stopping = true;
  }
  wake_reader();
  thread_.join();
}

std::vector<LogSinkFacts> LogWriter::facts() const {
  const std::scoped_lock lock(mutex_);
  std::vector<LogSinkFacts> facts;
  for (const auto& sink : state_.sinks) {
    facts.push_back({.destination = to_string(sink->destination),
                     .written = sink->written.value(),
                     .dropped = sink->dropped.value()});
  }
  return facts;
}

std::uint64_t LogWriter::ring_drops() const {
  const std::scoped_lock lock(mutex_);
  std::uint64_t total = state_.drops_of_removed_rings;
  for (const auto* ring : state_.rings) total += ring->dropped();
  return total;
}

void LogWriter::wake_reader() {
  // A full counter means that the thread is awake already.
  (void)::eventfd_write(wake_.number(), 1);
}

void LogWriter::run() {
  for (bool last = false; !last;) {
    wait_for_work(kPassMilliseconds);
    const Pass pass = begin_pass();
    drain(pass);
    const base::Instant now = clock_.now();
    if (pass.reopen || pass.last || now - last_check_ >= kCheckInterval) {
      last_check_ = now;
      for (Sink* sink : pass.sinks) follow_moved_file(*sink, pass);
      note_ring_drops(pass);
    }
    if (pass.last) flush_slow_readers(pass);
    last = pass.last;
    end_pass(pass);
  }
}

void LogWriter::wait_for_work(int milliseconds) const {
  pollfd wait{wake_.number(), POLLIN, 0};
  ::poll(&wait, 1, milliseconds);
  eventfd_t ignored = 0;
  (void)::eventfd_read(wake_.number(), &ignored);
}

LogWriter::Pass LogWriter::begin_pass() {
  const std::scoped_lock lock(mutex_);
  Pass pass{.sinks = {},
            .rings = state_.rings,
            .audit = state_.sinks[state_.audit_sink].get(),
            .audit_format = state_.audit_format,
            .number = ++state_.passes_begun,
            .reopen = std::exchange(state_.reopen, false),
            .last = state_.stopping};
  for (const auto& sink : state_.sinks) pass.sinks.push_back(sink.get());
  return pass;
}

void LogWriter::end_pass(const Pass& pass) {
  {
    const std::scoped_lock lock(mutex_);
    state_.passes_ended = pass.number;
  }
  pass_ended_.notify_all();
}

void LogWriter::drain(const Pass& pass) {
  for (observe::RecordRing* ring : pass.rings) {
    while (const auto record = ring->next()) {
      const observe::LogLine line = observe::to_log_line(*record);
      GATE_CHECK(line.sink < pass.sinks.size());
      pass.sinks[line.sink]->batch.push_back(line.text);
    }
    for (Sink* sink : pass.sinks) {
      if (!sink->batch.empty() || sink->output->has_pending()) write_batch(*sink, pass);
    }
    ring->release();
  }
}

void LogWriter::write_batch(Sink& sink, const Pass& pass) {
  const LogOutcome outcome = sink.output->write(sink.batch);
  sink.batch.clear();
  note_outcome(sink, outcome, pass);
}

void LogWriter::note_outcome(Sink& sink, const LogOutcome& outcome, const Pass& pass) {
  if (outcome.error != 0 && !sink.failing) {
    sink.failing = true;
    sink.dropped_before = sink.dropped.value();
    report(&sink, kCannotWriteLog,
           fmt::format("cannot write {}: {}; lines are being lost", to_string(sink.destination),
                       outcome.error == EAGAIN ? "its reader is too slow" : os::errno_text(outcome.error)),
           0, pass);
  }
  sink.written.add(outcome.written);
  sink.dropped.add(outcome.dropped);
  if (outcome.error != 0 || outcome.written == 0 || !sink.failing) return;
  sink.failing = false;
  report(&sink, kCannotWriteLog, fmt::format("{} can be written again; lines were lost", to_string(sink.destination)),
         sink.dropped.value() - sink.dropped_before, pass);
}

// Called once a second: an overrun is over when a second brought no further loss.
void LogWriter::note_ring_drops(const Pass& pass) {
  const std::uint64_t drops = ring_drops();
  const bool more = drops != ring_drops_seen_;
  if (more && !overrun_) {
    overrun_ = true;
    ring_drops_before_ = ring_drops_seen_;
    report(nullptr, kLogTooSlow, "log lines come faster than they can be written; some are being lost", 0, pass);
  }
  ring_drops_seen_ = drops;
  if (!overrun_ || (more && !pass.last)) return;
  overrun_ = false;
  report(nullptr, kLogTooSlow, "the log keeps up again; lines were lost", drops - ring_drops_before_, pass);
}

void LogWriter::follow_moved_file(Sink& sink, const Pass& pass) {
  const auto reopened = sink.output->reopen(pass.reopen);
  if (!reopened && !sink.move_reported) {
    report(&sink, reopened.error().code,
           fmt::format("{}: {}; the old file is written on", reopened.error().what, reopened.error().why), 0, pass);
  }
  sink.move_reported = !reopened;
}

void LogWriter::flush_slow_readers(const Pass& pass) {
  for (int i = 0; i < kSlowReaderPasses; ++i) {
    if (std::ranges::none_of(pass.sinks, [](const Sink* sink) { return sink->output->has_pending(); })) return;
    wait_for_work(kSlowReaderMilliseconds);
    for (Sink* sink : pass.sinks) write_batch(*sink, pass);
  }
}

void LogWriter::report(const Sink* about, base::ErrorCode code, std::string_view text, std::uint64_t count,
                       const Pass& pass) {
  const observe::AuditEvent event{
      .kind = observe::AuditKind::kLogProblem, .time = clock_.wall(), .code = code, .text = text, .count = count};
  std::array<char, observe::kAuditLineBytesMax> room;
  const auto put = [&](Sink& sink, observe::AuditFormat format) {
    const std::string_view line(room.data(), observe::format_audit(format, event, room));
    const LogOutcome outcome = sink.output->write({&line, 1});
    sink.written.add(outcome.written);
    sink.dropped.add(outcome.dropped);
    return outcome.error == 0;
  };
  Sink& standard_error = *pass.sinks[kStandardError];
  if (pass.audit == about || !put(*pass.audit, pass.audit_format)) put(standard_error, observe::AuditFormat::kText);
}

}  // namespace gate::app

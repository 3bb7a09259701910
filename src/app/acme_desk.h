#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/clock.h"
#include "feature/acme_server/desk.h"
#include "loop/loop.h"
#include "observe/log_producer.h"
#include "observe/ring.h"
#include "os/random.h"

namespace gate::client {
class Context;
}

namespace gate::app {

class WorkerPool;

// The one place that has the accounts and orders of `acme-server` statements: a thread of its own, since it writes to
// disk and waits for locks of other processes, which no worker may do.
class AcmeDesk final : public acme_server::Desk {
 public:
  struct Context {
    std::string state_folder;
    const base::Clock& clock;
    observe::RingReaderWaker* log_reader = nullptr;
    std::uint16_t audit_sink = 0;
    observe::AuditFormat audit_format = observe::AuditFormat::kJson;
  };

  // Questions that wait, above all workers: a flood of them must not fill the memory.
  static constexpr std::size_t kWaitingMax = 1024;

  // `workers` outlives it.
  AcmeDesk(const WorkerPool& workers, Context context);
  ~AcmeDesk();
  AcmeDesk(const AcmeDesk&) = delete;
  AcmeDesk& operator=(const AcmeDesk&) = delete;

  // acme_server::Desk, from any worker.
  void ask(acme_server::Asker asker, acme_server::Question question) override;

  // Ends the thread; what is asked afterwards is told so.
  void stop();

  // What it says to the audit log.
  observe::RecordRing& ring() { return ring_; }

 private:
  struct Office;

  void begin();
  void run(loop::Loop& loop, client::Context& client);
  void answer(const acme_server::Asker& asker, const acme_server::Question& question);
  void give(const acme_server::Asker& asker, acme_server::Reply reply);
  void tell(const base::Error& error);

  const WorkerPool& workers_;
  const Context context_;
  observe::RecordRing ring_;
  observe::LogProducer log_;
  os::SystemRandom random_;
  std::mutex mutex_;  // of what follows
  loop::Loop* loop_ = nullptr;
  std::size_t waiting_ = 0;
  bool stopping_ = false;
  std::thread thread_;

  Office* office_ = nullptr;  // the thread's own; lives as long as that runs
};

}  // namespace gate::app

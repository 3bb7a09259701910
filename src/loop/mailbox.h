#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <utility>

#include "base/result.h"
#include "os/fd.h"

namespace gate::loop {

// Work another thread hands over. It owns what it moves.
using Task = std::move_only_function<void()>;

// Tasks from any thread for one reader, without a lock: a stack that writers push to and the reader takes whole.
class Mailbox {
 public:
  static base::Result<std::unique_ptr<Mailbox>> create();
  explicit Mailbox(os::Fd signal) : signal_(std::move(signal)) {}
  ~Mailbox();
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  // From any thread. Tasks of one thread run in the order they were posted.
  void post(Task task);

  // The reader's side: a descriptor that is readable while there are tasks, and a call that runs all of them.
  int readiness() const { return signal_.number(); }
  void run_all();

 private:
  struct Letter {
    Task task;
    std::unique_ptr<Letter> next;
  };

  os::Fd signal_;
  std::atomic<Letter*> newest_{nullptr};
};

}  // namespace gate::loop

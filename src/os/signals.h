#pragma once

#include <optional>
#include <span>
#include <utility>

#include "base/result.h"
#include "os/fd.h"

namespace gate::os {

// Delivers signals through a descriptor, so that they are ordinary events of a loop. The signals are blocked in the
// calling thread and, by inheritance, in every thread that it starts afterwards: create it before any.
class SignalReceiver {
 public:
  static base::Result<SignalReceiver> create(std::span<const int> signals);

  // Readable when a signal waits.
  int fd() const { return fd_.number(); }

  // The number of the next waiting signal; nothing when there is none.
  std::optional<int> next();

 private:
  explicit SignalReceiver(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

// A peer that is gone is an error of the write, never a signal.
void ignore_broken_pipes();

}  // namespace gate::os

#include "loop/mailbox.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "loop/codes.h"

namespace gate::loop {

base::Result<std::unique_ptr<Mailbox>> Mailbox::create() {
  os::Fd signal(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!signal.valid()) {
    return base::fail(
        {.code = kLoopUnavailable, .what = "cannot create a wake-up descriptor", .why = std::strerror(errno)});
  }
  return std::make_unique<Mailbox>(std::move(signal));
}

Mailbox::~Mailbox() {
  // Tasks nobody will run any more still own things.
  std::unique_ptr<Letter> unread(newest_.exchange(nullptr, std::memory_order_acquire));
}

void Mailbox::post(Task task) {
  auto letter = std::make_unique<Letter>(Letter{std::move(task), nullptr});
  Letter* const mine = letter.get();
  Letter* before = newest_.load(std::memory_order_relaxed);
  do {
    [[maybe_unused]] auto* previous = letter->next.release();
    letter->next.reset(before);
  } while (!newest_.compare_exchange_weak(before, mine, std::memory_order_release, std::memory_order_relaxed));
  [[maybe_unused]] auto* handed_over = letter.release();
  if (before != nullptr) return;  // the reader has been woken for that one
  const std::uint64_t one = 1;
  GATE_CHECK(write(signal_.number(), &one, sizeof one) == sizeof one);
}

void Mailbox::run_all() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto drained = read(signal_.number(), &count, sizeof count);
  std::unique_ptr<Letter> newest_first(newest_.exchange(nullptr, std::memory_order_acquire));
  std::unique_ptr<Letter> oldest_first;
  while (newest_first) {
    auto rest = std::move(newest_first->next);
    newest_first->next = std::move(oldest_first);
    oldest_first = std::exchange(newest_first, std::move(rest));
  }
  while (oldest_first) {
    oldest_first->task();
    oldest_first = std::move(oldest_first->next);
  }
}

}  // namespace gate::loop

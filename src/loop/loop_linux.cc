#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/check.h"
#include "loop/codes.h"
#include "loop/loop.h"

namespace gate::loop {
namespace {

// Milliseconds for epoll_wait, rounded up so that a timer is due when it returns.
int wait_milliseconds(base::Instant now, base::Instant until) {
  constexpr std::chrono::milliseconds kLongest{60'000};
  if (until <= now) return 0;
  if (until - now >= kLongest) return kLongest.count();
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(until - now).count());
}

}  // namespace

base::Result<std::unique_ptr<Loop>> Loop::create(const base::Clock& system) {
  os::Fd queue(epoll_create1(EPOLL_CLOEXEC));
  if (!queue.valid()) {
    return base::fail({.code = kLoopUnavailable, .what = "cannot create an event queue", .why = std::strerror(errno)});
  }
  GATE_TRY_ASSIGN(auto mailbox, Mailbox::create());
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = nullptr;  // stands for the mailbox
  GATE_CHECK(epoll_ctl(queue.number(), EPOLL_CTL_ADD, mailbox->readiness(), &event) == 0);
  return std::make_unique<Loop>(system, std::move(queue), std::move(mailbox));
}

base::Result<> Loop::watch(int descriptor, Watcher& watcher, Mode mode) {
  epoll_event event{};
  event.events = mode == Mode::kEdges ? EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET : EPOLLIN;
  event.data.ptr = &watcher;
  if (epoll_ctl(queue_.number(), EPOLL_CTL_ADD, descriptor, &event) == 0) return {};
  return base::fail({.code = kWatchFailed, .what = "cannot watch a descriptor", .why = std::strerror(errno)});
}

void Loop::change_watch(int descriptor, Watcher& watcher, Interest interest) {
  epoll_event event{};
  event.events = (interest.reading ? EPOLLIN : 0U) | (interest.writing ? EPOLLOUT : 0U);
  event.data.ptr = &watcher;
  // Takes no memory; fails only for a descriptor that is not watched.
  GATE_CHECK(epoll_ctl(queue_.number(), EPOLL_CTL_MOD, descriptor, &event) == 0);
}

void Loop::unwatch(int descriptor) {
  // Fails only for a descriptor that is closed already, which epoll has forgotten by itself.
  epoll_ctl(queue_.number(), EPOLL_CTL_DEL, descriptor, nullptr);
}

void Loop::wait(base::Instant until) {
  std::array<epoll_event, kEventsMax> events;
  int count = epoll_wait(queue_.number(), events.data(), kEventsMax, wait_milliseconds(system_.now(), until));
  // A process that was stopped and goes on may come back without a look at what has arrived; and before deadlines are
  // enforced, what came in time is to be heard.
  if (count < 0) count = epoll_wait(queue_.number(), events.data(), kEventsMax, 0);
  read_clocks();
  for (int i = 0; i < count; ++i) {
    const auto& event = events[static_cast<std::size_t>(i)];
    if (event.data.ptr == nullptr) {
      mail_ = true;
      continue;
    }
    static_cast<Watcher*>(event.data.ptr)
        ->on_ready({.readable = (event.events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0,
                    .writable = (event.events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0,
                    .ended = (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0});
  }
}

}  // namespace gate::loop

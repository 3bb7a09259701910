#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "os/codes.h"
#include "os/errno.h"
#include "os/signals.h"

namespace gate::os {

base::Result<SignalReceiver> SignalReceiver::create(std::span<const int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  if (const int number = ::pthread_sigmask(SIG_BLOCK, &set, nullptr); number != 0) {
    return base::fail(system_error(kCannotSetSignals, "cannot block signals", number));
  }
  Fd fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.valid()) return base::fail(system_error(kCannotSetSignals, "cannot receive signals"));
  return SignalReceiver(std::move(fd));
}

std::optional<int> SignalReceiver::next() {
  signalfd_siginfo info{};
  if (::read(fd_.number(), &info, sizeof info) != sizeof info) return std::nullopt;
  return static_cast<int>(info.ssi_signo);
}

void ignore_broken_pipes() {
  struct sigaction action{};
  action.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &action, nullptr);
}

}  // namespace gate::os

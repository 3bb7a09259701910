#include "os/signals.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>

namespace gate::os {
namespace {

TEST(SignalReceiver, turns_signals_into_readiness_and_numbers) {
  constexpr std::array kSignals{SIGHUP, SIGUSR1};
  auto receiver = SignalReceiver::create(kSignals);
  ASSERT_TRUE(receiver);
  EXPECT_FALSE(receiver->next());
  ::kill(::getpid(), SIGHUP);
  ::kill(::getpid(), SIGUSR1);
  pollfd wait{receiver->fd(), POLLIN, 0};
  ASSERT_EQ(::poll(&wait, 1, 5000), 1);
  const auto first = receiver->next();
  const auto second = receiver->next();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(*first + *second, SIGHUP + SIGUSR1);
  EXPECT_FALSE(receiver->next());
}

TEST(BrokenPipes, are_errors_of_the_write) {
  ignore_broken_pipes();
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  ::close(ends[0]);
  EXPECT_EQ(::write(ends[1], "x", 1), -1);
  EXPECT_EQ(errno, EPIPE);
  ::close(ends[1]);
}

}  // namespace
}  // namespace gate::os

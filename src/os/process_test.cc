#include "os/process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>

#include "os/codes.h"
#include "os/fd.h"
#include "os/file.h"
#include "os/signals.h"
#include "os/temporary_folder_for_test.h"

namespace gate::os {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

Command shell(const std::string& script) { return {.arguments = {"sh", "-c", script}}; }

TEST(RunCommand, yields_output_errors_and_exit_code_apart) {
  const auto outcome = run_command(shell("echo out; echo err >&2; exit 3"));
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->output, "out\n");
  EXPECT_EQ(outcome->errors, "err\n");
  EXPECT_EQ(outcome->exit_code, 3);
  EXPECT_FALSE(outcome->output_cut);
}

TEST(RunCommand, passes_arguments_as_they_are) {
  const auto outcome = run_command({.arguments = {"printf", "%s", "$(id); a b"}});
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->output, "$(id); a b");
}

TEST(RunCommand, feeds_more_input_than_a_pipe_holds) {
  Command command = shell("wc -c");
  command.input = std::string(1'000'000, 'x');
  EXPECT_THAT(run_command(command)->output, HasSubstr("1000000"));
}

TEST(RunCommand, keeps_the_bound_of_output_and_says_so) {
  Command command = shell("head -c 1000000 /dev/zero");
  command.output_bytes_max = 1000;
  const auto outcome = run_command(command);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->output.size(), 1000U);
  EXPECT_TRUE(outcome->output_cut);
  EXPECT_EQ(outcome->exit_code, 0);
}

TEST(RunCommand, kills_the_whole_group_at_the_deadline) {
  Command command = shell("sleep 100 & sleep 100");
  command.deadline = 100ms;
  const auto begin = std::chrono::steady_clock::now();
  const auto outcome = run_command(command);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, kProcessTimedOut);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 30s);
}

TEST(RunCommand, does_not_wait_for_a_grandchild_that_keeps_the_output_open) {
  const auto begin = std::chrono::steady_clock::now();
  const auto outcome = run_command(shell("sleep 8 & echo done"));
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->output, "done\n");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 7s);
}

TEST(RunCommand, names_a_program_that_is_not_there) {
  const auto outcome = run_command({.arguments = {"gate443-no-such-program"}});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, kCannotStartProcess);
  EXPECT_THAT(outcome.error().fix, HasSubstr("gate443-no-such-program"));
}

TEST(RunCommand, reports_death_by_signal_as_a_shell_does) {
  EXPECT_EQ(run_command(shell("kill -9 $$"))->exit_code, 128 + 9);
}

TEST(RunCommand, gives_the_program_unblocked_signals_and_none_of_our_descriptors) {
  constexpr std::array kSignals{SIGTERM};
  const auto receiver = SignalReceiver::create(kSignals);
  const Fd leaky(::fcntl(STDIN_FILENO, F_DUPFD, 77));  // without close-on-exec
  EXPECT_EQ(run_command(shell("kill -TERM $$; echo survived"))->exit_code, 128 + SIGTERM);
  const std::string entry = "/proc/$$/fd/" + std::to_string(leaky.number());
  EXPECT_EQ(run_command(shell("test -e " + entry + " || echo none"))->output, "none\n");
}

TEST(StartChild, gives_descriptors_in_order_from_three_whatever_their_numbers_here) {
  const TemporaryFolder folder;
  ASSERT_TRUE(write_file_atomically(folder.path("a"), "A", 0600));
  ASSERT_TRUE(write_file_atomically(folder.path("b"), "B", 0600));
  Fd first(::open(folder.path("a").c_str(), O_RDONLY | O_CLOEXEC));
  Fd second(::open(folder.path("b").c_str(), O_RDONLY | O_CLOEXEC));
  // The second's number comes first: passed naively, one would overwrite the other.
  const auto pid = start_child(
      {.arguments = {"/bin/sh", "-c", "cat <&3 >$OUT; cat <&4 >>$OUT; test -e /proc/$$/fd/5 || echo . >>$OUT"},
       .environment = {"OUT=" + folder.path("out"), "PATH=/usr/bin:/bin"},
       .descriptors = {second.number(), first.number()}});
  ASSERT_TRUE(pid);
  int status = 0;
  ASSERT_EQ(::waitpid(*pid, &status, 0), *pid);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(read_file(folder.path("out"), 100), "BA.\n");
}

TEST(OwnProgram, is_an_existing_file) {
  const auto path = own_program();
  ASSERT_TRUE(path);
  EXPECT_TRUE(inspect(*path)->regular);
}

}  // namespace
}  // namespace gate::os

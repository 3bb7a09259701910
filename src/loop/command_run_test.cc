#include "loop/command_run.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "os/codes.h"

namespace gate::loop {
namespace {

using namespace std::chrono_literals;

class CommandRunTest : public testing::Test {
 protected:
  base::Result<os::CommandOutcome> run(os::Command command) {
    std::optional<base::Result<os::CommandOutcome>> outcome;
    CommandRun run(*loop_);
    run.start(std::move(command), [&](base::Result<os::CommandOutcome> result) { outcome = std::move(result); });
    EXPECT_FALSE(outcome.has_value());
    while (!outcome) loop_->turn(loop_->now() + 1s);
    return *std::move(outcome);
  }

  base::SystemClock clock_;
  std::unique_ptr<Loop> loop_ = Loop::create(clock_).value();
};

os::Command shell(const std::string& script) { return {.arguments = {"sh", "-c", script}}; }

TEST_F(CommandRunTest, yields_output_errors_and_exit_code_apart) {
  const auto outcome = run(shell("echo out; echo err >&2; exit 3"));
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->output, "out\n");
  EXPECT_EQ(outcome->errors, "err\n");
  EXPECT_EQ(outcome->exit_code, 3);
}

TEST_F(CommandRunTest, takes_more_than_a_pipe_holds_and_keeps_the_bound) {
  const auto outcome = run(shell("head -c 1000000 /dev/zero"));
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->output.size(), 65'536U);
  EXPECT_TRUE(outcome->output_cut);
  EXPECT_EQ(outcome->exit_code, 0);
}

TEST_F(CommandRunTest, adds_variables_to_our_environment) {
  os::Command command = shell("echo $GATE443_ACTION; test -n \"$PATH\" && echo path");
  command.variables = {"GATE443_ACTION=present"};
  EXPECT_EQ(run(std::move(command))->output, "present\npath\n");
}

TEST_F(CommandRunTest, lets_the_loop_turn_meanwhile) {
  std::optional<base::Result<os::CommandOutcome>> outcome;
  CommandRun waiting(*loop_);
  waiting.start(shell("cat >/dev/null; sleep 100"), [&](auto result) { outcome = std::move(result); });
  EXPECT_TRUE(run(shell("true")).has_value());
  EXPECT_FALSE(outcome.has_value());
}

TEST_F(CommandRunTest, stops_the_program_at_its_deadline) {
  os::Command command = shell("echo still waiting >&2; sleep 100");
  command.deadline = 300ms;
  const auto outcome = run(std::move(command));
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().code, os::kProcessTimedOut);
  EXPECT_EQ(outcome.error().why, "still waiting");
}

TEST_F(CommandRunTest, names_a_program_that_is_not_there) {
  const auto outcome = run({.arguments = {"gate443-no-such-program"}});
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().code, os::kCannotStartProcess);
}

TEST_F(CommandRunTest, may_be_destroyed_by_the_one_it_tells) {
  auto run = std::make_unique<CommandRun>(*loop_);
  bool told = false;
  run->start(shell("true"), [&](const auto&) {
    run.reset();
    told = true;
  });
  while (!told) loop_->turn(loop_->now() + 1s);
}

}  // namespace
}  // namespace gate::loop

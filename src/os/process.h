#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "os/fd.h"

namespace gate::os {

// A program to run to its end. No shell is involved; the first argument is the program, searched in PATH.
struct Command {
  std::vector<std::string> arguments;
  std::vector<std::string> variables{};      // "NAME=value": added to our environment
  std::string input{};                       // its standard input
  std::size_t output_bytes_max = 64 * 1024;  // of each stream; the rest is read and thrown away
  base::Duration deadline = std::chrono::seconds(10);
};

struct CommandOutcome {
  int exit_code = 0;  // 128 + the signal where it was killed, as shells report it
  std::string output;
  std::string errors;
  bool output_cut = false;
};

// Runs the command and waits for it, blocking; not for workers. It gets standard signal handling and none of our
// descriptors. After the deadline it is killed with its whole process group: kProcessTimedOut. A program that runs and
// fails is no error here: see exit_code.
base::Result<CommandOutcome> run_command(const Command& command);

// A command that runs while its starter does something else, who looks at its deadline. Destroying it kills it with its
// whole process group.
class RunningCommand {
 public:
  static base::Result<RunningCommand> start(const Command& command);
  RunningCommand(RunningCommand&& other) noexcept;
  RunningCommand& operator=(RunningCommand&&) = delete;
  ~RunningCommand();

  // Descriptors that are readable when there is something to take, and when the process has ended.
  int output() const { return output_.number(); }
  int errors() const { return errors_.number(); }
  int ended() const { return ended_.number(); }

  // Take what is there, without waiting. False at the end of the stream, and from then on.
  bool take_output() { return take(output_, outcome_.output); }
  bool take_errors() { return take(errors_, outcome_.errors); }

  // Once it has ended, or to end it: kills it where it still runs. Whatever a grandchild that outlives it writes later
  // is not waited for.
  CommandOutcome finish();

 private:
  RunningCommand() = default;
  bool take(Fd& stream, std::string& text);

  pid_t pid_ = 0;  // 0 once it is reaped
  Fd ended_;
  Fd output_;
  Fd errors_;
  std::size_t bytes_max_ = 0;
  CommandOutcome outcome_;
};

// The error of a command that was stopped at its deadline, having written `errors`.
base::Error timed_out(const Command& command, std::string_view errors);

// A program to start beside this one.
struct Child {
  std::vector<std::string> arguments;
  std::vector<std::string> environment{};  // "NAME=value": its whole environment
  std::vector<int> descriptors{};          // become 3, 4, … in the child, in this order; it gets no others but 0, 1, 2
};

// Starts the program (`arguments[0]`, a path) and returns its process number; the caller waits for it.
base::Result<pid_t> start_child(const Child& child);

// This process's environment as "NAME=value", for Child.
std::vector<std::string> current_environment();

// The path of the running program's file, also after it was replaced.
base::Result<std::string> own_program();

}  // namespace gate::os

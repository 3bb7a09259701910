#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <optional>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "os/codes.h"
#include "os/errno.h"
#include "os/fd.h"
#include "os/file.h"
#include "os/process.h"

namespace gate::os {
namespace {

constexpr int kFirstPassed = 3;

// posix_spawn's arguments, freed with the object.
class SpawnPlan {
 public:
  SpawnPlan() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigemptyset(&none);
    sigset_t all;
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }

  void set_flags(int more) {
    posix_spawnattr_setflags(&attributes_, static_cast<short>(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | more));
  }
  void pass(int from, int to) { posix_spawn_file_actions_adddup2(&actions_, from, to); }

  // Descriptors that some library opened without close-on-exec stay here.
  void close_from(int first) { posix_spawn_file_actions_addclosefrom_np(&actions_, first); }

  const posix_spawn_file_actions_t* actions() const { return &actions_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

std::vector<char*> to_pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (const auto& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

base::Error cannot_start(const std::string& program, int number) {
  base::Error error = system_error(kCannotStartProcess, fmt::format("cannot run {}", program), number);
  if (number == ENOENT) error.fix = fmt::format("install the package that has the program {}", program);
  return error;
}

struct Pipe {
  Fd read;
  Fd write;
};

std::optional<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::nullopt;
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

// A file in memory, so that feeding the child needs no turn-taking with reading from it.
Fd make_input(std::string_view text) {
  Fd fd(::memfd_create("input", MFD_CLOEXEC));
  if (!fd.valid() || !write_all(fd.number(), base::as_bytes(text)) || ::lseek(fd.number(), 0, SEEK_SET) != 0) return {};
  return fd;
}

struct RunningCommand {
  pid_t pid = 0;
  Fd exited;  // readable once the process has ended
  Fd output;
  Fd errors;
};

base::Result<RunningCommand> start_command(const Command& command) {
  const std::string& program = command.arguments.front();
  const Fd input = make_input(command.input);
  auto output = make_pipe();
  auto errors = make_pipe();
  if (!input.valid() || !output || !errors) return base::fail(cannot_start(program, errno));

  SpawnPlan plan;
  plan.set_flags(POSIX_SPAWN_SETPGROUP);
  plan.pass(input.number(), STDIN_FILENO);
  plan.pass(output->write.number(), STDOUT_FILENO);
  plan.pass(errors->write.number(), STDERR_FILENO);
  plan.close_from(kFirstPassed);
  RunningCommand running{.exited = {}, .output = std::move(output->read), .errors = std::move(errors->read)};
  const int number = ::posix_spawnp(&running.pid, program.c_str(), plan.actions(), plan.attributes(),
                                    to_pointers(command.arguments).data(), environ);
  if (number != 0) return base::fail(cannot_start(program, number));
  running.exited = Fd(static_cast<int>(::syscall(SYS_pidfd_open, running.pid, 0)));
  return running;
}

// Takes what is there; closes the descriptor at its end.
void take_output(Fd& fd, std::string& text, std::size_t bytes_max, bool& cut) {
  std::array<char, 16 * 1024> block;
  const ssize_t count = ::read(fd.number(), block.data(), block.size());
  if (count < 0 && errno == EINTR) return;
  if (count <= 0) return fd.close();
  const std::size_t taken = std::min(static_cast<std::size_t>(count), bytes_max - text.size());
  text.append(block.data(), taken);
  if (taken < static_cast<std::size_t>(count)) cut = true;
}

int to_exit_code(int status) { return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status); }

int reap(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return to_exit_code(status);
}

int milliseconds_until(base::Instant deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, INT_MAX));
}

// Reads both streams until the process has ended and nothing more is waiting. Whatever a grandchild that outlives it
// writes later is not waited for. False at the deadline.
bool collect(RunningCommand& running, const Command& command, CommandOutcome& outcome) {
  const base::Instant deadline = std::chrono::steady_clock::now() + command.deadline;
  bool ended = false;
  while (true) {
    std::array<pollfd, 3> waits{{{running.output.number(), POLLIN, 0},
                                 {running.errors.number(), POLLIN, 0},
                                 {ended ? -1 : running.exited.number(), POLLIN, 0}}};
    const int ready = ::poll(waits.data(), waits.size(), ended ? 0 : milliseconds_until(deadline));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return ended;
    if (waits[0].revents != 0)
      take_output(running.output, outcome.output, command.output_bytes_max, outcome.output_cut);
    if (waits[1].revents != 0)
      take_output(running.errors, outcome.errors, command.output_bytes_max, outcome.output_cut);
    if (waits[2].revents != 0) ended = true;
    // A grandchild that never stops writing must not hold us.
    if (ended && std::chrono::steady_clock::now() > deadline) return true;
  }
}

}  // namespace

base::Result<CommandOutcome> run_command(const Command& command) {
  GATE_TRY_ASSIGN(RunningCommand running, start_command(command));
  CommandOutcome outcome;
  const bool ended = running.exited.valid() && collect(running, command, outcome);
  if (!ended) ::kill(-running.pid, SIGKILL);
  outcome.exit_code = reap(running.pid);
  if (ended) return outcome;
  return base::fail(
      {.code = kProcessTimedOut,
       .retry = base::Retry::kLater,
       .what = fmt::format("{} did not finish in {} ms and was stopped", command.arguments.front(),
                           std::chrono::duration_cast<std::chrono::milliseconds>(command.deadline).count()),
       .why = std::string(base::trimmed(outcome.errors)),
       .fix = "run it by hand to see what it waits for"});
}

base::Result<pid_t> start_child(const Child& child) {
  const std::string& program = child.arguments.front();
  const int passed_end = kFirstPassed + static_cast<int>(child.descriptors.size());
  SpawnPlan plan;
  plan.set_flags(0);
  // Copies above the passed range, so that no dup2 overwrites a source of a later one.
  std::vector<Fd> copies;
  for (const int descriptor : child.descriptors) {
    copies.emplace_back(::fcntl(descriptor, F_DUPFD_CLOEXEC, passed_end));
    if (!copies.back().valid()) return base::fail(cannot_start(program, errno));
    plan.pass(copies.back().number(), kFirstPassed + static_cast<int>(copies.size()) - 1);
  }
  plan.close_from(passed_end);
  pid_t pid = 0;
  const int number = ::posix_spawn(&pid, program.c_str(), plan.actions(), plan.attributes(),
                                   to_pointers(child.arguments).data(), to_pointers(child.environment).data());
  if (number != 0) return base::fail(cannot_start(program, number));
  return pid;
}

std::vector<std::string> current_environment() {
  std::vector<std::string> environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) environment.emplace_back(*entry);
  return environment;
}

base::Result<std::string> own_program() {
  std::array<char, PATH_MAX> path{};
  const ssize_t count = ::readlink("/proc/self/exe", path.data(), path.size());
  if (count <= 0) return base::fail(system_error(kCannotStartProcess, "cannot find this program's own file"));
  std::string text(path.data(), static_cast<std::size_t>(count));
  constexpr std::string_view kReplaced = " (deleted)";
  if (text.ends_with(kReplaced)) text.resize(text.size() - kReplaced.size());
  return text;
}

}  // namespace gate::os

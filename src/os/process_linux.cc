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

// Takes what the command writes until it has ended. False at the deadline.
bool collect(RunningCommand& running, base::Duration patience) {
  const base::Instant deadline = std::chrono::steady_clock::now() + patience;
  while (true) {
    std::array<pollfd, 3> waits{
        {{running.output(), POLLIN, 0}, {running.errors(), POLLIN, 0}, {running.ended(), POLLIN, 0}}};
    const int ready = ::poll(waits.data(), waits.size(), milliseconds_until(deadline));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    if (waits[0].revents != 0) running.take_output();
    if (waits[1].revents != 0) running.take_errors();
    if (waits[2].revents != 0) return true;
  }
}

}  // namespace

base::Result<RunningCommand> RunningCommand::start(const Command& command) {
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
  std::vector<std::string> environment = current_environment();
  environment.insert(environment.end(), command.variables.begin(), command.variables.end());
  RunningCommand running;
  running.bytes_max_ = command.output_bytes_max;
  running.output_ = std::move(output->read);
  running.errors_ = std::move(errors->read);
  const int number = ::posix_spawnp(&running.pid_, program.c_str(), plan.actions(), plan.attributes(),
                                    to_pointers(command.arguments).data(), to_pointers(environment).data());
  if (number != 0) {
    running.pid_ = 0;
    return base::fail(cannot_start(program, number));
  }
  running.ended_ = Fd(static_cast<int>(::syscall(SYS_pidfd_open, running.pid_, 0)));
  if (!running.ended_.valid()) return base::fail(cannot_start(program, errno));
  return running;
}

RunningCommand::RunningCommand(RunningCommand&& other) noexcept
    : pid_(std::exchange(other.pid_, 0)),
      ended_(std::move(other.ended_)),
      output_(std::move(other.output_)),
      errors_(std::move(other.errors_)),
      bytes_max_(other.bytes_max_),
      outcome_(std::move(other.outcome_)) {}

RunningCommand::~RunningCommand() {
  if (pid_ == 0) return;
  ::kill(-pid_, SIGKILL);
  reap(pid_);
}

bool RunningCommand::take(Fd& stream, std::string& text) {
  if (!stream.valid()) return false;
  std::array<char, 16 * 1024> block;
  const ssize_t count = ::read(stream.number(), block.data(), block.size());
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) return true;
  if (count <= 0) {
    stream.close();
    return false;
  }
  const std::size_t taken = std::min(static_cast<std::size_t>(count), bytes_max_ - text.size());
  text.append(block.data(), taken);
  if (taken < static_cast<std::size_t>(count)) outcome_.output_cut = true;
  return true;
}

CommandOutcome RunningCommand::finish() {
  const bool runs = [this] {
    pollfd wait{ended_.number(), POLLIN, 0};
    return ::poll(&wait, 1, 0) == 0;
  }();
  if (runs) ::kill(-pid_, SIGKILL);
  // A pipe holds 64 KiB: four blocks. What a grandchild writes meanwhile must not hold us.
  constexpr int kBlocksWaiting = 8;
  const auto take_rest = [this](Fd& stream, std::string& text) {
    for (int i = 0; i < kBlocksWaiting; ++i) {
      pollfd wait{stream.number(), POLLIN, 0};
      if (::poll(&wait, 1, 0) <= 0 || !take(stream, text)) return;
    }
  };
  take_rest(output_, outcome_.output);
  take_rest(errors_, outcome_.errors);
  outcome_.exit_code = reap(std::exchange(pid_, 0));
  return std::move(outcome_);
}

base::Error timed_out(const Command& command, std::string_view errors) {
  while (errors.ends_with('\n')) errors.remove_suffix(1);
  return {.code = kProcessTimedOut,
          .retry = base::Retry::kLater,
          .what = fmt::format("{} did not finish in {} ms and was stopped", command.arguments.front(),
                              std::chrono::duration_cast<std::chrono::milliseconds>(command.deadline).count()),
          .why = std::string(errors),
          .fix = "run it by hand to see what it waits for"};
}

base::Result<CommandOutcome> run_command(const Command& command) {
  GATE_TRY_ASSIGN(RunningCommand running, RunningCommand::start(command));
  const bool ended = collect(running, command.deadline);
  CommandOutcome outcome = running.finish();
  if (ended) return outcome;
  return base::fail(timed_out(command, outcome.errors));
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

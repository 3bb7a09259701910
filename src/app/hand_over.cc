#include "app/hand_over.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "app/codes.h"
#include "base/text.h"
#include "os/errno.h"
#include "os/file.h"
#include "os/notify.h"
#include "os/process.h"

namespace gate::app {
namespace {

// The number of the descriptor on which a successor says that it serves.
constexpr const char* kReadinessVariable = "GATE443_READY_FD";

// The predecessor's number, and the descriptor of the local socket to it.
constexpr const char* kGenerationVariable = "GATE443_GENERATION";
constexpr const char* kPassageVariable = "GATE443_PASSAGE_FD";

constexpr int kFirstInherited = 3;

// A descriptor that an environment variable names; taken out of it, so that no child mistakes it for its own.
os::Fd take_descriptor(const char* variable) {
  const char* number = std::getenv(variable);
  const auto descriptor = number == nullptr ? std::nullopt : base::parse_number<int>(number);
  unsetenv(variable);
  return descriptor && *descriptor >= kFirstInherited ? os::Fd(*descriptor) : os::Fd();
}

// This process's arguments, as the kernel keeps them.
base::Result<std::vector<std::string>> own_arguments() {
  constexpr std::size_t kBytesMax = 1024 * 1024;
  os::Fd file(::open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC));
  std::string text;
  std::array<char, 4096> piece{};
  for (ssize_t count = 1; count > 0 && text.size() < kBytesMax;) {
    count = ::read(file.number(), piece.data(), piece.size());
    if (count > 0) text.append(piece.data(), static_cast<std::size_t>(count));
  }
  if (text.empty()) return base::fail(os::system_error(kCannotUpgrade, "cannot read this process's arguments"));
  std::vector<std::string> arguments;
  for (std::string_view rest = text; !rest.empty();) arguments.emplace_back(base::split_off(rest, '\0'));
  return arguments;
}

}  // namespace

base::Result<Successor> start_successor(const std::vector<int>& descriptors) {
  GATE_TRY_ASSIGN(auto arguments, own_arguments());
  GATE_TRY_ASSIGN(arguments[0], os::own_program());
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
    return base::fail(os::system_error(kCannotUpgrade, "cannot make a pipe to the new process"));
  }
  os::Fd ours(ends[0]);
  const os::Fd theirs(ends[1]);
  std::array<int, 2> passage{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, passage.data()) != 0) {
    return base::fail(os::system_error(kCannotUpgrade, "cannot make a passage to the new process"));
  }
  os::Fd our_passage(passage[0]);
  const os::Fd their_passage(passage[1]);
  os::Child child{
      .arguments = std::move(arguments), .environment = os::current_environment(), .descriptors = descriptors};
  child.descriptors.push_back(theirs.number());
  child.descriptors.push_back(their_passage.number());
  std::erase_if(child.environment, [](const std::string& each) {
    return each.starts_with(kReadinessVariable) || each.starts_with(kGenerationVariable) ||
           each.starts_with(kPassageVariable);
  });
  child.environment.push_back(os::handed_over_variable(descriptors.size()));
  child.environment.push_back(std::string(kReadinessVariable) + "=" +
                              std::to_string(kFirstInherited + static_cast<int>(descriptors.size())));
  const int first_own = kFirstInherited + static_cast<int>(descriptors.size());
  child.environment.push_back(std::string(kPassageVariable) + "=" + std::to_string(first_own + 1));
  child.environment.push_back(std::string(kGenerationVariable) + "=" +
                              std::to_string(static_cast<std::uint8_t>(inherited_generation() + 1)));
  GATE_TRY_ASSIGN(const pid_t pid, os::start_child(child));
  return Successor{pid, std::move(ours), std::move(our_passage)};
}

std::uint8_t inherited_generation() {
  const char* number = std::getenv(kGenerationVariable);
  return number == nullptr ? std::uint8_t{0} : base::parse_number<std::uint8_t>(number).value_or(0);
}

os::Fd inherited_passage() {
  os::Fd passage = take_descriptor(kPassageVariable);
  if (passage.valid()) fcntl(passage.number(), F_SETFD, FD_CLOEXEC);
  return passage;
}

bool is_successor() { return std::getenv(kReadinessVariable) != nullptr; }

void announce_readiness() {
  const char* number = std::getenv(kReadinessVariable);
  if (number == nullptr) return;
  if (const auto descriptor = base::parse_number<int>(number); descriptor && *descriptor >= kFirstInherited) {
    const os::Fd predecessor(*descriptor);
    // A predecessor that has died meanwhile needs no word.
    [[maybe_unused]] const bool told = os::write_all(predecessor.number(), base::as_bytes("1"));
  }
  unsetenv(kReadinessVariable);
}

bool successor_serves(const Successor& successor) {
  char word = 0;
  if (::read(successor.readiness.number(), &word, 1) == 1) return true;
  // Not left behind as a zombie.
  waitpid(successor.pid, nullptr, WNOHANG);
  return false;
}

}  // namespace gate::app

#include "os/notify.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <functional>

#include "base/bytes.h"
#include "base/text.h"
#include "os/codes.h"
#include "os/process.h"
#include "os/socket.h"
#include "os/temporary_folder_for_test.h"

namespace gate::os {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

// The service manager's end of the notification socket.
class FakeManager {
 public:
  explicit FakeManager(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    base::copy_bytes(std::as_writable_bytes(std::span(address.sun_path)), base::as_bytes(path));
    if (path.front() == '@') address.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    EXPECT_EQ(::bind(fd_.number(), reinterpret_cast<const sockaddr*>(&address), length), 0);
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  }
  ~FakeManager() { ::unsetenv("NOTIFY_SOCKET"); }

  std::string received() {
    std::array<char, 512> text{};
    const ssize_t count = ::recv(fd_.number(), text.data(), text.size(), MSG_DONTWAIT);
    return count < 0 ? "(nothing)" : std::string(text.data(), static_cast<std::size_t>(count));
  }

 private:
  Fd fd_;
};

TEST(ServiceManager, is_told_what_happens) {
  const TemporaryFolder folder;
  FakeManager fake(folder.path("notify"));
  const auto manager = ServiceManager::from_environment();
  ASSERT_TRUE(manager.present());
  ASSERT_TRUE(manager.ready("2 sites"));
  EXPECT_EQ(fake.received(), "READY=1\nSTATUS=2 sites");
  ASSERT_TRUE(manager.reloading());
  EXPECT_THAT(fake.received(), StartsWith("RELOADING=1\nMONOTONIC_USEC="));
  ASSERT_TRUE(manager.main_process(42));
  EXPECT_EQ(fake.received(), "MAINPID=42");
  ASSERT_TRUE(manager.stopping("draining"));
  EXPECT_EQ(fake.received(), "STOPPING=1\nSTATUS=draining");
  ASSERT_TRUE(manager.alive());
  EXPECT_EQ(fake.received(), "WATCHDOG=1");
}

TEST(ServiceManager, cannot_be_sent_a_second_assignment_in_a_text) {
  const TemporaryFolder folder;
  FakeManager fake(folder.path("notify"));
  ASSERT_TRUE(ServiceManager::from_environment().status("a\nMAINPID=1"));
  EXPECT_EQ(fake.received(), "STATUS=a MAINPID=1");
}

TEST(ServiceManager, may_have_an_abstract_socket) {
  FakeManager fake("@gate443-test-" + std::to_string(::getpid()));
  ASSERT_TRUE(ServiceManager::from_environment().alive());
  EXPECT_EQ(fake.received(), "WATCHDOG=1");
}

TEST(ServiceManager, is_silent_where_there_is_none) {
  const auto manager = ServiceManager::from_environment();
  EXPECT_FALSE(manager.present());
  EXPECT_TRUE(manager.ready("x"));
}

TEST(ServiceManager, that_is_gone_is_an_error_and_no_death) {
  ::setenv("NOTIFY_SOCKET", "/nowhere/notify", 1);
  const auto sent = ServiceManager::from_environment().ready("x");
  ::unsetenv("NOTIFY_SOCKET");
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, kNotifyFailed);
}

TEST(ServiceManager, sets_a_watchdog_for_this_process_only) {
  ::setenv("WATCHDOG_USEC", "3000000", 1);
  EXPECT_EQ(ServiceManager::from_environment().watchdog(), 3s);
  ::setenv("WATCHDOG_PID", "1", 1);
  EXPECT_FALSE(ServiceManager::from_environment().watchdog());
  ::unsetenv("WATCHDOG_PID");
  ::setenv("WATCHDOG_USEC", "-1", 1);
  EXPECT_FALSE(ServiceManager::from_environment().watchdog());
  ::unsetenv("WATCHDOG_USEC");
}

// Forks, since the descriptors have to be 3 and 4 and the process number must match. The result is the exit code.
int in_child(const std::function<int()>& body) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(body());
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

void place(int from, int to) {
  const int copy = ::fcntl(from, F_DUPFD, 100);
  ::dup2(copy, to);
}

class InheritedSockets : public testing::Test {
 protected:
  Fd listener = *listen_tcp(*base::Endpoint::parse("127.0.0.1:0"));
  base::Endpoint address = *local_endpoint(listener.number());
};

TEST_F(InheritedSockets, are_taken_with_names_and_addresses) {
  EXPECT_EQ(in_child([this] {
              place(listener.number(), 3);
              place(3, 4);
              ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
              ::setenv("LISTEN_FDS", "2", 1);
              ::setenv("LISTEN_FDNAMES", "https:http", 1);
              const auto sockets = take_inherited_sockets();
              if (!sockets || sockets->size() != 2) return 1;
              if ((*sockets)[0].name != "https" || (*sockets)[1].name != "http") return 2;
              if ((*sockets)[1].address != address) return 3;
              if ((::fcntl(3, F_GETFD) & FD_CLOEXEC) == 0 || (::fcntl(3, F_GETFL) & O_NONBLOCK) == 0) return 4;
              if (std::getenv("LISTEN_FDS") != nullptr || take_inherited_sockets()->size() != 0) return 5;
              return 0;
            }),
            0);
}

TEST_F(InheritedSockets, are_not_taken_when_meant_for_a_parent) {
  EXPECT_EQ(in_child([this] {
              place(listener.number(), 3);
              ::setenv("LISTEN_PID", std::to_string(::getppid()).c_str(), 1);
              ::setenv("LISTEN_FDS", "1", 1);
              return take_inherited_sockets()->empty() ? 0 : 1;
            }),
            0);
}

TEST_F(InheritedSockets, are_of_udp_too) {
  EXPECT_EQ(in_child([] {
              place(::socket(AF_INET, SOCK_DGRAM, 0), 3);
              ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
              ::setenv("LISTEN_FDS", "1", 1);
              const auto sockets = take_inherited_sockets();
              return sockets && sockets->size() == 1 && sockets->front().transport == Transport::kUdp ? 0 : 1;
            }),
            0);
}

TEST_F(InheritedSockets, must_be_sockets_that_clients_reach) {
  EXPECT_EQ(in_child([] {
              place(STDERR_FILENO, 3);
              ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
              ::setenv("LISTEN_FDS", "1", 1);
              const auto sockets = take_inherited_sockets();
              return !sockets && sockets.error().code == kBadActivation ? 0 : 1;
            }),
            0);
}

TEST_F(InheritedSockets, are_refused_in_absurd_numbers) {
  for (const char* count : {"-1", "x", "99999999999999999999", "1025"}) {
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
    ::setenv("LISTEN_FDS", count, 1);
    EXPECT_FALSE(take_inherited_sockets()) << count;
  }
}

TEST_F(InheritedSockets, come_from_an_older_process_of_ours_too) {
  EXPECT_EQ(in_child([this] {
              place(listener.number(), 3);
              const std::string variable = handed_over_variable(1);
              const auto equals = variable.find('=');
              ::setenv(variable.substr(0, equals).c_str(), variable.substr(equals + 1).c_str(), 1);
              const auto sockets = take_inherited_sockets();
              return sockets && sockets->size() == 1 && sockets->front().address == address ? 0 : 1;
            }),
            0);
}

}  // namespace
}  // namespace gate::os

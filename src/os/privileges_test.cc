#include "os/privileges.h"

#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <functional>

#include "os/codes.h"
#include "os/fd.h"

namespace gate::os {
namespace {

// Runs `body` in a process of its own, since what it does cannot be taken back; its result is the exit code.
int in_child(const std::function<int()>& body) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(body());
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

bool can_bind_a_low_port() {
  for (std::uint16_t port = 600; port < 1000; ++port) {
    const Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(fd.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return true;
    if (errno != EADDRINUSE) return false;
  }
  return false;
}

class BecomeUser : public testing::Test {
 protected:
  void SetUp() override {
    if (!is_root()) GTEST_SKIP() << "only root can become another user";
    nobody = *find_user("nobody");
  }
  User nobody;
};

TEST_F(BecomeUser, changes_every_id_and_group_for_good) {
  EXPECT_EQ(in_child([this] {
              if (!become_user(nobody, false)) return 1;
              if (::getuid() != nobody.id || ::geteuid() != nobody.id || ::getegid() != nobody.group) return 2;
              std::array<gid_t, 64> groups{};
              const int count = ::getgroups(groups.size(), groups.data());
              if (count != static_cast<int>(nobody.groups.size())) return 3;
              if (::setresuid(0, 0, 0) == 0) return 4;
              if (::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) return 5;
              return 0;
            }),
            0);
}

TEST_F(BecomeUser, keeps_low_ports_only_if_asked) {
  EXPECT_EQ(
      in_child([this] { return become_user(nobody, true) && can_bind_a_low_port() && may_bind_port(443) ? 0 : 1; }), 0);
  EXPECT_EQ(
      in_child([this] { return become_user(nobody, false) && !can_bind_a_low_port() && !may_bind_port(443) ? 0 : 1; }),
      0);
}

TEST_F(BecomeUser, keeps_low_ports_over_an_exec) {
  EXPECT_EQ(in_child([this] {
              if (!become_user(nobody, true)) return 1;
              ::execl("/bin/sh", "sh", "-c", "grep -q '^CapEff:.*0000000400$' /proc/self/status", nullptr);
              return 2;
            }),
            0);
}

TEST_F(BecomeUser, refuses_root_itself) {
  const auto refused = become_user(*find_user("root"), true);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, kCannotDropPrivileges);
}

TEST_F(BecomeUser, fails_for_one_who_has_no_right_to) {
  EXPECT_EQ(in_child([this] { return become_user(nobody, false) && !become_user(nobody, false) ? 0 : 1; }), 0);
}

TEST(LowPort, error_names_the_two_ways_out) {
  const auto error = low_port_refused(443);
  EXPECT_EQ(error.code, kLowPortRefused);
  EXPECT_THAT(error.fix, testing::HasSubstr("AmbientCapabilities"));
  EXPECT_THAT(error.fix, testing::HasSubstr("8443"));
}

TEST(LowPort, is_none_above_1023) { EXPECT_TRUE(may_bind_port(8443)); }

}  // namespace
}  // namespace gate::os

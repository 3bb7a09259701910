#include "os/port_owner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "os/codes.h"
#include "os/file.h"
#include "os/socket.h"
#include "os/temporary_folder_for_test.h"

namespace gate::os {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

base::Endpoint at(std::string_view text) { return *base::Endpoint::parse(text); }

TEST(FindPortOwners, finds_this_process_by_its_listener) {
  for (const auto address : {"127.0.0.1:0", "[::1]:0"}) {
    const auto listener = listen_tcp(at(address));
    if (!listener) continue;  // a machine without IPv6
    const auto bound = local_endpoint(listener->number());
    const auto owners = find_port_owners(*bound, Transport::kTcp);
    ASSERT_THAT(owners, SizeIs(1));
    EXPECT_EQ(owners[0].pid, ::getpid());
    EXPECT_EQ(owners[0].program, "test_os");
    EXPECT_EQ(owners[0].address, *bound);
    EXPECT_THAT(find_port_owners(*bound, Transport::kUdp), IsEmpty());
  }
}

TEST(FindPortOwners, finds_who_listens_on_an_overlapping_address) {
  const auto listener = listen_tcp(at("127.0.0.1:0"));
  const auto bound = local_endpoint(listener->number());
  const auto everywhere = base::Endpoint{*base::IpAddress::parse("0.0.0.0"), bound->port};
  const auto elsewhere = base::Endpoint{*base::IpAddress::parse("127.0.0.2"), bound->port};
  EXPECT_THAT(find_port_owners(everywhere, Transport::kTcp), SizeIs(1));
  EXPECT_THAT(find_port_owners(elsewhere, Transport::kTcp), IsEmpty());
}

// A copy of what the kernel shows for nginx under systemd, and for a process that may not be looked into.
class FakeProc : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(make_directories(folder.path("net"), 0700));
    ASSERT_TRUE(make_directories(folder.path("812/fd"), 0700));
    ASSERT_TRUE(make_directories(folder.path("self"), 0700));
    ASSERT_EQ(::symlink("socket:[777]", folder.path("812/fd/6").c_str()), 0);
    put("812/comm", "nginx\n");
    put("812/cgroup", "0::/system.slice/nginx.service\n");
    put("net/tcp",
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
        "   0: 00000000:01BB 00000000:0000 0A 00000000:00000000 00:00000000 00000000    33        0 777 1 0 100 0 0 10 "
        "0\n"
        "   1: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 12345        0 888 1 0 100 0 0 10 "
        "0\n"
        "   2: 0100007F:01BC 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 999 1 0 20 4 30 10 "
        "-1\n");
  }
  void put(std::string_view name, std::string_view text) {
    ASSERT_TRUE(write_file_atomically(folder.path(name), text, 0600));
  }
  std::vector<PortOwner> owners(std::string_view endpoint) {
    return find_port_owners(at(endpoint), Transport::kTcp, folder.path());
  }
  TemporaryFolder folder;
};

TEST_F(FakeProc, names_program_pid_and_unit) {
  const auto found = owners("192.0.2.1:443");
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(describe(found[0]), "nginx (pid 812, nginx.service)");
  const auto error = port_in_use(at("0.0.0.0:443"), Transport::kTcp, found);
  EXPECT_EQ(error.what, "cannot listen on 443/tcp: nginx (pid 812, nginx.service) owns it");
  EXPECT_EQ(error.fix, "systemctl disable --now nginx.service");
}

TEST_F(FakeProc, leaves_the_unit_out_for_a_process_that_is_no_service) {
  put("812/cgroup", "0::/user.slice/user-1000.slice/session-3.scope\n");
  const auto found = owners("192.0.2.1:443");
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(describe(found[0]), "nginx (pid 812)");
  EXPECT_THAT(port_in_use(at("0.0.0.0:443"), Transport::kTcp, found).fix, HasSubstr("kill 812"));
}

TEST_F(FakeProc, knows_at_least_the_user_of_a_hidden_process) {
  const auto found = owners("127.0.0.1:8080");
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(describe(found[0]), "a process of user 12345");
}

TEST_F(FakeProc, does_not_take_a_connection_for_a_listener) { EXPECT_THAT(owners("127.0.0.1:444"), IsEmpty()); }

TEST_F(FakeProc, survives_tables_it_does_not_understand) {
  put("net/tcp", "\n::::\n 0: XX:01BB 0 0A\n 0: 00000000:01BB 0 0A 0 0 0 notanumber 0 777\n");
  EXPECT_THAT(owners("127.0.0.1:443"), IsEmpty());
}

TEST(PortInUse, says_how_to_look_when_nobody_was_found) {
  const auto error = port_in_use(at("0.0.0.0:443"), Transport::kUdp, {});
  EXPECT_EQ(error.code, kPortInUse);
  EXPECT_THAT(error.what, HasSubstr("443/udp"));
  EXPECT_THAT(error.fix, HasSubstr("ss -lpn"));
}

}  // namespace
}  // namespace gate::os

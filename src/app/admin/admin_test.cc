#include <fcntl.h>
#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <future>
#include <thread>
#include <vector>

#include "app/admin/admin_client.h"
#include "app/admin/admin_message.h"
#include "app/admin/admin_server.h"
#include "app/admin/codes.h"
#include "base/text.h"
#include "os/file.h"
#include "os/process.h"
#include "os/signals.h"
#include "os/temporary_folder_for_test.h"

namespace gate::app {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

mode_t mode_of(const std::string& path) {
  struct stat status{};
  EXPECT_EQ(::lstat(path.c_str(), &status), 0);
  return status.st_mode & 07777;
}

// Everything until the server closes.
std::string read_all(int fd) {
  std::string text;
  std::array<char, 4096> block;
  while (true) {
    pollfd wait{fd, POLLIN, 0};
    if (::poll(&wait, 1, 20'000) != 1) return text + "(no end)";
    const ssize_t count = ::read(fd, block.data(), block.size());
    if (count <= 0) return text;
    text.append(block.data(), static_cast<std::size_t>(count));
  }
}

// Time that is put forward by hand, from any thread.
class MovableClock final : public base::Clock {
 public:
  base::Instant now() const override { return std::chrono::steady_clock::now() + ahead.load(); }
  base::WallTime wall() const override { return std::chrono::system_clock::now(); }
  std::atomic<base::Duration> ahead{base::Duration::zero()};
};

class Admin : public testing::Test {
 protected:
  void SetUp() override {
    os::ignore_broken_pipes();
    auto created = AdminServer::create({.socket = AdminListener::Options{.path = path}, .pages = loopback}, clock);
    ASSERT_TRUE(created) << created.error().what << created.error().why;
    server = *std::move(created);
    server->add_command("echo", [](auto call) { call->answer(call->request()); });
    server->add_command("fail", [](auto call) {
      call->fail({.code = {2107}, .side = base::Side::kConfiguration, .what = "w", .why = "y", .fix = "f"});
    });
    server->add_command("forget", [](auto) {});
    server->add_command("keep", [this](auto call) { kept.set_value(std::move(call)); });
    server->add_page("/metrics", [] { return AdminPage{.content_type = "text/plain", .body = "a 1\n"}; });
    server->start();
  }

  os::Fd connect() { return connect_unix(path); }
  std::string say(std::string_view text) {
    const os::Fd fd = connect();
    EXPECT_TRUE(os::write_all(fd.number(), base::as_bytes(text)));
    return read_all(fd.number());
  }
  os::Fd connect_pages() {
    os::Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server->pages_address()->port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return fd;
  }
  std::string say_to_pages(std::string_view text) {
    const os::Fd fd = connect_pages();
    EXPECT_TRUE(os::write_all(fd.number(), base::as_bytes(text)));
    return read_all(fd.number());
  }

  os::TemporaryFolder folder;
  MovableClock clock;
  const std::string path = folder.path("admin.sock");
  const base::Endpoint loopback = *base::Endpoint::parse("127.0.0.1:0");
  std::promise<std::unique_ptr<AdminCall>> kept;
  std::unique_ptr<AdminServer> server;
};

TEST_F(Admin, answers_a_command_with_its_result) {
  const json request{{"command", "echo"}, {"text", "grün"}};
  const auto answer = call_admin(path, request);
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_EQ(*answer, request);
}

TEST_F(Admin, hands_errors_over_whole) {
  const auto answer = call_admin(path, {{"command", "fail"}});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code.number, 2107);
  EXPECT_EQ(answer.error().side, base::Side::kConfiguration);
  EXPECT_EQ(answer.error().what + answer.error().why + answer.error().fix, "wyf");
}

TEST_F(Admin, streams_progress_from_another_thread_while_others_are_served) {
  std::vector<std::string> heard;
  auto answer = std::async(std::launch::async, [&] {
    return call_admin(path, {{"command", "keep"}}, [&](std::string_view text) { heard.emplace_back(text); });
  });
  auto call = kept.get_future().get();
  call->progress("2 left");
  EXPECT_TRUE(call_admin(path, {{"command", "echo"}}));
  call->progress("1 left");
  call->answer("done");
  EXPECT_EQ(*answer.get(), "done");
  EXPECT_THAT(heard, ElementsAre("2 left", "1 left"));
}

TEST_F(Admin, answers_for_a_command_that_forgets_to) {
  const auto answer = call_admin(path, {{"command", "forget"}});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, kAdminSilent);
}

TEST_F(Admin, refuses_what_is_no_command) {
  for (const auto* line : {"{\"command\":\"nope\"}\n", "{\"command\":7}\n", "{}\n", "[]\n", "\n", "nonsense\n",
                           "{\"a\":\n", "POST /metrics HTTP/1.1\r\n\r\n", "\xff\xfe\n"}) {
    EXPECT_THAT(say(line), HasSubstr("G2074")) << line;
  }
}

TEST_F(Admin, bounds_a_request) {
  const os::Fd fd = connect();
  const std::string part(4096, 'x');
  for (int i = 0; i < 40; ++i) (void)os::write_all(fd.number(), base::as_bytes(part));
  const std::string answer = read_all(fd.number());
  EXPECT_TRUE(answer.empty() || answer.find("too long") != std::string::npos) << answer;
  EXPECT_TRUE(call_admin(path, {{"command", "echo"}}));
}

TEST_F(Admin, sends_an_answer_larger_than_any_socket_buffer) {
  const json request{{"command", "keep"}};
  auto answer = std::async(std::launch::async, [&] { return call_admin(path, request); });
  const std::string large(2'000'000, 'y');
  kept.get_future().get()->answer(large);
  EXPECT_EQ(*answer.get(), large);
}

TEST_F(Admin, forgets_a_client_that_says_nothing) {
  const os::Fd fd = connect();
  EXPECT_TRUE(call_admin(path, {{"command", "echo"}}));  // the silent one has been accepted before
  clock.ahead = AdminConnection::kPatience + 1s;
  EXPECT_TRUE(call_admin(path, {{"command", "echo"}}));
  EXPECT_EQ(read_all(fd.number()), "");
}

TEST_F(Admin, waits_for_a_command_longer_than_for_a_client) {
  auto answer = std::async(std::launch::async, [&] { return call_admin(path, {{"command", "keep"}}); });
  auto call = kept.get_future().get();
  clock.ahead = 1h;
  EXPECT_TRUE(call_admin(path, {{"command", "echo"}}));
  call->answer(1);
  EXPECT_TRUE(answer.get());
}

TEST_F(Admin, serves_again_after_as_many_silent_clients_as_it_takes) {
  std::vector<os::Fd> silent;
  for (int i = 0; i < 40; ++i) silent.push_back(connect());
  auto answer = std::async(std::launch::async, [&] { return call_admin(path, {{"command", "echo"}}); });
  EXPECT_TRUE(say_to_pages("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").starts_with("HTTP/1.1 200"))
      << "a place of its own";
  clock.ahead = AdminConnection::kPatience + 1s;
  (void)say_to_pages("GET /metrics HTTP/1.0\r\n\r\n");  // lets the server look at its clock
  silent.clear();
  EXPECT_TRUE(answer.get());
}

TEST_F(Admin, survives_clients_that_leave_in_the_middle) {
  for (const auto* text : {"", "{\"comm", "GET /met", "{\"command\":\"echo\"}\n"}) {
    const os::Fd fd = connect();
    (void)os::write_all(fd.number(), base::as_bytes(text));
  }
  {
    const os::Fd fd = connect();
    (void)os::write_all(fd.number(), base::as_bytes("{\"command\":\"keep\"}\n"));
    auto call = kept.get_future().get();
    ::shutdown(fd.number(), SHUT_RDWR);
    call->answer(1);
  }
  EXPECT_TRUE(call_admin(path, {{"command", "echo"}}));
}

TEST_F(Admin, sends_what_was_answered_before_it_stops) {
  auto answer = std::async(std::launch::async, [&] { return call_admin(path, {{"command", "keep"}}); });
  auto call = kept.get_future().get();
  call->answer("stopped");
  server->stop();
  EXPECT_EQ(*answer.get(), "stopped");
}

TEST_F(Admin, ends_though_a_command_is_not_answered) {
  auto answer = std::async(std::launch::async, [&] { return call_admin(path, {{"command", "keep"}}); });
  auto call = kept.get_future().get();
  server.reset();
  EXPECT_FALSE(answer.get());
  call->answer("too late");
}

TEST_F(Admin, shows_pages_over_http_on_the_same_socket) {
  EXPECT_EQ(say("GET /metrics HTTP/1.1\r\nHost: anything.example\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\nX-Content-Type-Options: nosniff\r\n"
            "Cache-Control: no-store\r\nConnection: close\r\n\r\na 1\n");
  EXPECT_THAT(say("GET /metrics?x=1 HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(say("HEAD /metrics HTTP/1.1\r\n\r\n"), testing::EndsWith("close\r\n\r\n"));
  EXPECT_THAT(say("GET /other HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(say("GET " + std::string(20'000, 'x')), HasSubstr("too long"));
}

TEST_F(Admin, is_understood_by_curl) {
  const auto curl = os::run_command({.arguments = {"curl", "-sS", "--unix-socket", path, "http://localhost/metrics"}});
  if (!curl) GTEST_SKIP() << "curl is not installed";
  EXPECT_EQ(curl->output, "a 1\n") << curl->errors;
}

TEST_F(Admin, takes_no_commands_on_the_loopback_address) {
  EXPECT_THAT(say_to_pages("{\"command\":\"echo\"}\n"), StartsWith("HTTP/1.1 405"));
  EXPECT_THAT(say_to_pages("POST /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"), StartsWith("HTTP/1.1 405"));
}

TEST_F(Admin, shows_pages_on_the_loopback_address_under_local_names_only) {
  for (const auto* host : {"localhost", "localhost:9443", "127.0.0.1:9443", "[::1]:9443", "[::1]", "LOCALHOST"}) {
    EXPECT_THAT(say_to_pages("GET /metrics HTTP/1.1\r\nhost: " + std::string(host) + "\r\n\r\n"),
                StartsWith("HTTP/1.1 200"))
        << host;
  }
  for (const auto* host : {"evil.example", "localhost.evil.example:80", ""}) {
    EXPECT_THAT(say_to_pages("GET /metrics HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n"),
                StartsWith("HTTP/1.1 403"))
        << host;
  }
}

TEST_F(Admin, socket_is_closed_to_others_and_gone_afterwards) {
  EXPECT_EQ(mode_of(path), 0660U);
  server.reset();
  EXPECT_FALSE(os::inspect(path));
}

TEST_F(Admin, socket_of_a_running_server_is_not_taken) {
  const auto second = AdminListener::open({.path = path});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, kServerRunning);
  EXPECT_TRUE(call_admin(path, {{"command", "echo"}}));
}

TEST_F(Admin, socket_goes_over_to_a_successor_and_outlives_its_predecessor) {
  {
    const auto successor = AdminListener::open({.path = path, .take_over = true});
    ASSERT_TRUE(successor);
    server.reset();
    EXPECT_TRUE(os::inspect(path)) << "the old server must not remove the new one's socket";
    EXPECT_TRUE(connect().valid());
  }
  EXPECT_FALSE(os::inspect(path));
}

TEST(AdminListener, replaces_a_socket_that_nobody_answers_at) {
  const os::TemporaryFolder folder;
  const std::string path = folder.path("s");
  const os::Fd left(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  base::copy_bytes(std::as_writable_bytes(std::span(address.sun_path)), base::as_bytes(path));
  ASSERT_EQ(::bind(left.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_TRUE(AdminListener::open({.path = path}));
}

TEST(AdminListener, leaves_a_file_of_another_kind_alone) {
  const os::TemporaryFolder folder;
  ASSERT_TRUE(os::write_file_atomically(folder.path("s"), "data", 0600));
  EXPECT_EQ(AdminListener::open({.path = folder.path("s")}).error().code, kCannotOpenAdmin);
  EXPECT_EQ(os::read_file(folder.path("s"), 10), "data");
}

TEST(AdminListener, says_why_it_cannot_be_opened) {
  EXPECT_THAT(AdminListener::open({.path = "/nowhere/s"}).error().why, HasSubstr("No such file"));
  EXPECT_THAT(AdminListener::open({.path = "/tmp/" + std::string(120, 'x')}).error().why, HasSubstr("too long"));
}

TEST(AdminListener, gives_the_socket_to_a_group) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  const os::TemporaryFolder folder;
  const auto listener = AdminListener::open({.path = folder.path("s"), .group = 4242});
  ASSERT_TRUE(listener);
  EXPECT_EQ(os::inspect(folder.path("s"))->group, 4242U);
  EXPECT_EQ(mode_of(folder.path("s")), 0660U);
}

TEST(CallAdmin, says_that_no_server_runs_and_how_to_start_one) {
  const auto answer = call_admin("/nowhere/s", {{"command", "status"}});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, kNoServer);
  EXPECT_THAT(answer.error().fix, HasSubstr("gate443 run"));
}

TEST(CallAdmin, says_whose_socket_it_is_to_one_who_may_not_use_it) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become somebody else";
  const os::TemporaryFolder folder;
  ASSERT_EQ(::chmod(folder.path().c_str(), 0755), 0);
  const auto listener = AdminListener::open({.path = folder.path("s")});
  const pid_t pid = ::fork();
  if (pid == 0) {
    if (::setgroups(0, nullptr) != 0 || ::setresgid(4711, 4711, 4711) != 0 || ::setresuid(4711, 4711, 4711) != 0)
      ::_exit(2);
    const auto answer = call_admin(folder.path("s"), {{"command", "status"}});
    const bool right =
        !answer && answer.error().code == kAdminDenied && answer.error().why.find("root") != std::string::npos;
    ::_exit(right ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_EQ(status, 0);
}

// A server of another kind, or a broken one.
TEST(CallAdmin, bounds_its_patience_and_believes_nothing) {
  for (const std::string reply :
       {"", "garbage\n", "[1]\n", "{\"progress\":1}", "{\"error\":3}\n", "{\"error\":{\"code\":\"\"}}\n"}) {
    const os::TemporaryFolder folder;
    const auto listener = AdminListener::open({.path = folder.path("s")});
    auto answer =
        std::async(std::launch::async, [&] { return call_admin(folder.path("s"), {{"command", "x"}}, {}, 200ms); });
    pollfd wait{listener->fd(), POLLIN, 0};
    ASSERT_EQ(::poll(&wait, 1, 20'000), 1);
    const os::Fd peer(::accept(listener->fd(), nullptr, nullptr));
    EXPECT_TRUE(os::write_all(peer.number(), base::as_bytes(reply)));
    EXPECT_FALSE(answer.get()) << reply;
  }
}

}  // namespace
}  // namespace gate::app

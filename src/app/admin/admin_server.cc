#include "app/admin/admin_server.h"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <climits>
#include <utility>

#include "app/admin/admin_message.h"
#include "app/admin/codes.h"
#include "base/check.h"
#include "base/text.h"
#include "os/errno.h"
#include "os/socket.h"

namespace gate::app {
namespace {

constexpr std::chrono::seconds kFarewell{1};

base::Error bad_request(std::string what) {
  return {.code = kBadAdminRequest,
          .side = base::Side::kClient,
          .what = std::move(what),
          .why = "this server and the command that asked may be of different versions",
          .fix = "compare: gate443 version, and \"version\" in gate443 status --json"};
}

}  // namespace

base::Result<std::unique_ptr<AdminServer>> AdminServer::create(const Options& options, const base::Clock& clock) {
  os::Fd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.valid()) return base::fail(os::system_error(kCannotOpenAdmin, "cannot start the admin server"));
  auto server = std::make_unique<AdminServer>(clock, std::move(wake));
  if (options.socket) {
    GATE_TRY_ASSIGN(auto listener, AdminListener::open(*options.socket));
    server->socket_.emplace(std::move(listener));
  }
  if (options.pages) {
    GATE_CHECK(options.pages->address.is_loopback());
    GATE_TRY_ASSIGN(server->pages_listener_, os::listen_tcp(*options.pages));
    GATE_TRY_ASSIGN(server->pages_address_, os::local_endpoint(server->pages_listener_.number()));
  }
  return server;
}

AdminServer::AdminServer(const base::Clock& clock, os::Fd wake)
    : clock_(clock), outbox_(std::make_shared<AdminOutbox>(std::move(wake))) {}

AdminServer::~AdminServer() { stop(); }

void AdminServer::add_command(std::string name, AdminCommand command) {
  GATE_CHECK(!thread_.joinable());
  commands_.emplace(std::move(name), std::move(command));
}

void AdminServer::add_page(std::string path, std::function<AdminPage()> page) {
  GATE_CHECK(!thread_.joinable());
  pages_.emplace(std::move(path), std::move(page));
}

void AdminServer::start() {
  GATE_CHECK(!thread_.joinable());
  thread_ = std::thread([this] { run(); });
}

void AdminServer::stop() {
  if (!thread_.joinable()) return;
  stopping_.store(true);
  outbox_->wake();
  thread_.join();
}

void AdminServer::run() {
  while (!is_over(clock_.now())) {
    std::vector<pollfd> waits = interests();
    ::poll(waits.data(), waits.size(), wait_milliseconds(clock_.now()));
    const base::Instant now = clock_.now();
    // Connections first: accepting adds to them, and interests() listed them in this order.
    for (std::size_t i = 0; i < connections_.size(); ++i) serve(*connections_[i], waits[3 + i].revents, now);
    deliver(now);
    if (waits[1].revents != 0) accept_from(socket_->fd(), true, now);
    if (waits[2].revents != 0) accept_from(pages_listener_.number(), false, now);
    std::erase_if(connections_,
                  [](const auto& connection) { return connection->state() == AdminConnection::State::kFinished; });
  }
  connections_.clear();
}

bool AdminServer::is_over(base::Instant now) {
  if (!stopping_.load()) return false;
  if (!over_at_) over_at_ = now + kFarewell;
  deliver(now);  // what was answered just before the stop
  const bool nothing_to_send =
      std::ranges::none_of(connections_, [](const auto& connection) { return connection->wants_write(); });
  return nothing_to_send || now >= *over_at_;
}

// The outbox, both listeners (left out by poll where the number is negative), then the connections.
std::vector<pollfd> AdminServer::interests() const {
  const bool open = !stopping_.load();
  std::vector<pollfd> waits{
      {outbox_->wake_fd(), POLLIN, 0},
      {open && socket_ && clients(true) < kClientsMax ? socket_->fd() : -1, POLLIN, 0},
      {open && clients(false) < kClientsMax ? pages_listener_.number() : -1, POLLIN, 0},
  };
  for (const auto& connection : connections_) {
    const int events = (connection->wants_read() ? POLLIN : 0) | (connection->wants_write() ? POLLOUT : 0);
    waits.push_back({connection->fd(), static_cast<short>(events), 0});
  }
  return waits;
}

int AdminServer::wait_milliseconds(base::Instant now) const {
  base::Instant next = over_at_.value_or(base::Instant::max());
  for (const auto& connection : connections_) next = std::min(next, connection->deadline());
  if (next == base::Instant::max()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - now).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, INT_MAX));
}

void AdminServer::accept_from(int listener, bool commands, base::Instant now) {
  os::Fd fd(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (fd.valid()) connections_.push_back(std::make_unique<AdminConnection>(next_id_++, std::move(fd), commands, now));
}

std::size_t AdminServer::clients(bool commands) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(connections_, [&](const auto& each) { return each->commands() == commands; }));
}

void AdminServer::serve(AdminConnection& connection, short events, base::Instant now) {
  using State = AdminConnection::State;
  if ((events & POLLIN) != 0) connection.on_readable();
  if ((events & POLLOUT) != 0) connection.on_writable(now);
  if (connection.state() == State::kAnswering && (events & (POLLERR | POLLHUP)) != 0) connection.on_deadline();
  if (now >= connection.deadline()) connection.on_deadline();
  if (connection.state() != State::kReading && connection.state() != State::kFinished) handle_request(connection, now);
}

void AdminServer::handle_request(AdminConnection& connection, base::Instant now) {
  using State = AdminConnection::State;
  switch (connection.state()) {
    case State::kCommand:
      if (connection.commands()) return handle_command(connection, connection.take_request());
      connection.take_request();
      return connection.queue("HTTP/1.1 405 Method Not Allowed\r\nAllow: GET, HEAD\r\nConnection: close\r\n\r\n", true,
                              now);
    case State::kHttp: {
      const bool local_names_only = !connection.commands();
      return connection.queue(answer_http(connection.take_request(), pages_, local_names_only), true, now);
    }
    case State::kBad:
      connection.take_request();
      return connection.queue(error_line(bad_request("the request is too long")), true, now);
    case State::kReading:
    case State::kAnswering:
    case State::kFinished: return;
  }
}

void AdminServer::handle_command(AdminConnection& connection, const std::string& line) {
  auto request = parse_object(line).value_or(nlohmann::json::object());
  const auto name = request.find("command");
  const bool named = name != request.end() && name->is_string();
  const auto command = named ? commands_.find(name->get_ref<const std::string&>()) : commands_.end();
  auto call = std::make_unique<AdminCall>(std::move(request), connection.id(), outbox_);
  if (command == commands_.end()) return call->fail(bad_request("the server does not know this command"));
  command->second(std::move(call));
}

void AdminServer::deliver(base::Instant now) {
  for (const auto& line : outbox_->take()) {
    const auto connection = std::ranges::find(connections_, line.client, [](const auto& each) { return each->id(); });
    if (connection != connections_.end()) (*connection)->queue(line.text, line.last, now);
  }
}

}  // namespace gate::app

#include "app/listeners.h"

#include <fcntl.h>

#include <algorithm>
#include <utility>

#include "os/codes.h"
#include "os/errno.h"
#include "os/port_owner.h"
#include "os/privileges.h"
#include "os/socket.h"

namespace gate::app {
namespace {

using server::ListenerRole;

// Says who owns the port, and how to get it.
base::Error explained(const base::Error& error, const base::Endpoint& address) {
  if (error.code == os::kPortInUse) {
    return os::port_in_use(address, os::Transport::kTcp, os::find_port_owners(address, os::Transport::kTcp));
  }
  return error.code == os::kLowPortRefused ? os::low_port_refused(address.port) : error;
}

base::Result<os::Fd> duplicate(const os::Fd& socket) {
  os::Fd copy(fcntl(socket.number(), F_DUPFD_CLOEXEC, 0));
  if (!copy.valid()) return base::fail(os::system_error(os::kCannotListen, "cannot keep a listening socket"));
  return copy;
}

}  // namespace

base::Result<Listeners::Change> Listeners::prepare(const Settings& settings) {
  Change change;
  change.added.resize(workers_);
  preparing_.clear();
  const auto wanted = [&](const Kept& kept) {
    const auto& list = kept.role == ListenerRole::kTls ? settings.https : settings.http;
    return std::ranges::find(list, kept.wanted) != list.end();
  };
  for (const auto& kept : kept_) {
    const bool listed = std::ranges::find(change.removed, kept.real) != change.removed.end();
    if (!wanted(kept) && !listed) change.removed.push_back(kept.real);
  }
  for (const auto& endpoint : settings.https) GATE_TRY(open_address(endpoint, ListenerRole::kTls, change));
  for (const auto& endpoint : settings.http) GATE_TRY(open_address(endpoint, ListenerRole::kClear, change));
  inherited_.clear();
  change.https_port = https_port(settings);
  return change;
}

std::uint16_t Listeners::https_port(const Settings& settings) const {
  if (settings.https.empty()) return 0;
  const auto first = [&](const Kept& kept) {
    return kept.role == ListenerRole::kTls && kept.wanted == settings.https.front();
  };
  for (const auto* list : {&kept_, &preparing_}) {
    if (const auto found = std::ranges::find_if(*list, first); found != list->end()) return found->real.port;
  }
  return 0;
}

base::Result<void> Listeners::open_address(const base::Endpoint& wanted, ListenerRole role, Change& change) {
  const auto same = [&](const Kept& kept) { return kept.wanted == wanted && kept.role == role; };
  if (std::ranges::any_of(kept_, same)) return {};
  base::Endpoint real = wanted;
  for (std::size_t worker = 0; worker < workers_; ++worker) {
    GATE_TRY_ASSIGN(auto socket, open_socket(real, worker == 0));
    GATE_TRY_ASSIGN(real, os::local_endpoint(socket.number()));
    GATE_TRY_ASSIGN(auto copy, duplicate(socket));
    preparing_.push_back({std::move(copy), role, wanted, real});
    change.added[worker].push_back({std::move(socket), real, role});
  }
  // A process with more workers hands over more sockets than we have workers: all of their queues must be served.
  std::size_t worker = 0;
  const auto matches = [&](const os::InheritedSocket& each) { return each.address == real; };
  for (auto extra = std::ranges::find_if(inherited_, matches); extra != inherited_.end();
       extra = std::ranges::find_if(inherited_, matches)) {
    GATE_TRY_ASSIGN(auto copy, duplicate(extra->fd));
    preparing_.push_back({std::move(copy), role, wanted, real});
    change.added[worker++ % workers_].push_back({std::move(extra->fd), real, role});
    inherited_.erase(extra);
  }
  return {};
}

base::Result<os::Fd> Listeners::open_socket(const base::Endpoint& address, bool first) {
  // Port 0 asked for any port: the one that the predecessor got is as good, and clients know it.
  const auto ours = std::ranges::find_if(inherited_, [&](const auto& each) {
    return each.address == address || (address.port == 0 && each.address.address == address.address);
  });
  if (ours != inherited_.end()) {
    os::Fd socket = std::move(ours->fd);
    inherited_.erase(ours);
    return socket;
  }
  const bool shared_with_inherited =
      std::ranges::any_of(preparing_, [&](const Kept& kept) { return kept.real == address; });
  if (first && !shared_with_inherited) {
    // Shared ports let a second server in silently; the first socket of an address makes sure that nobody is there.
    const auto free = os::check_port_free(address, os::Transport::kTcp);
    if (!free) return base::fail(explained(free.error(), address));
  }
  auto socket = os::listen_tcp(address);
  if (!socket) return base::fail(explained(socket.error(), address));
  return socket;
}

void Listeners::commit(const Change& change) {
  std::erase_if(kept_,
                [&](const Kept& kept) { return std::ranges::find(change.removed, kept.real) != change.removed.end(); });
  std::ranges::move(preparing_, std::back_inserter(kept_));
  preparing_.clear();
  addresses_.clear();
  for (const auto& kept : kept_) {
    const bool listed =
        std::ranges::any_of(addresses_, [&](const Address& each) { return each.endpoint == kept.real; });
    if (!listed) addresses_.push_back({kept.real, kept.role});
  }
}

std::vector<int> Listeners::descriptors() const {
  std::vector<int> all;
  for (const auto& kept : kept_) all.push_back(kept.socket.number());
  return all;
}

}  // namespace gate::app

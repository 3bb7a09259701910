#include "app/listeners.h"

#include <fcntl.h>

#include <algorithm>
#include <utility>

#include "os/codes.h"
#include "os/errno.h"
#include "os/port_owner.h"
#include "os/privileges.h"
#include "os/reuseport_steering.h"
#include "os/socket.h"

namespace gate::app {
namespace {

using server::ListenerRole;

os::Transport transport_of(ListenerRole role) {
  return role == ListenerRole::kQuic ? os::Transport::kUdp : os::Transport::kTcp;
}

// Says who owns the port, and how to get it.
base::Error explained(const base::Error& error, const base::Endpoint& address, os::Transport transport) {
  if (error.code == os::kPortInUse) {
    base::Error in_use = os::port_in_use(address, transport, os::find_port_owners(address, transport));
    if (transport == os::Transport::kUdp) in_use.fix += "; or do without HTTP/3 there: http3 optional";
    return in_use;
  }
  return error.code == os::kLowPortRefused ? os::low_port_refused(address.port) : error;
}

base::Result<os::Fd> duplicate(const os::Fd& socket) {
  os::Fd copy(fcntl(socket.number(), F_DUPFD_CLOEXEC, 0));
  if (!copy.valid()) return base::fail(os::system_error(os::kCannotListen, "cannot keep a listening socket"));
  return copy;
}

bool wants_http3(const Settings& settings, const base::Endpoint& https) {
  const auto& without = settings.without_http3;
  // The PROXY protocol is one of connections: by UDP anybody could come, past the proxies that may.
  if (settings.proxy_protocol && settings.proxy_protocol->covers(https)) return false;
  return settings.http3 != Http3Mode::kOff && std::ranges::find(without, https) == without.end();
}

bool is_wanted(const Settings& settings, const base::Endpoint& endpoint, ListenerRole role) {
  const auto& list = role == ListenerRole::kClear ? settings.http : settings.https;
  if (std::ranges::find(list, endpoint) == list.end()) return false;
  return role != ListenerRole::kQuic || wants_http3(settings, endpoint);
}

}  // namespace

base::Result<Listeners::Change> Listeners::prepare(const Settings& settings) {
  Change change;
  change.added.resize(workers_);
  preparing_.clear();
  if (auto opened = open_all(settings, change); !opened) {
    preparing_.clear();
    return base::fail(std::move(opened).error());
  }
  inherited_.clear();
  change.https_port = port_of(settings, ListenerRole::kTls);
  change.http3_port = port_of(settings, ListenerRole::kQuic);
  change.proxy_protocol = proxy_protocol_addresses(settings);
  return change;
}

base::Result<void> Listeners::open_all(const Settings& settings, Change& change) {
  for (const auto& kept : kept_) {
    const server::ListenerAddress address{kept.real, kept.role};
    const bool listed = std::ranges::find(change.removed, address) != change.removed.end();
    if (!is_wanted(settings, kept.wanted, kept.role) && !listed) change.removed.push_back(address);
  }
  for (const auto& endpoint : settings.https) GATE_TRY(open_address(endpoint, ListenerRole::kTls, change));
  GATE_TRY(open_http3(settings, change));
  for (const auto& endpoint : settings.http) GATE_TRY(open_address(endpoint, ListenerRole::kClear, change));
  return {};
}

base::Result<void> Listeners::open_http3(const Settings& settings, Change& change) {
  for (const auto& endpoint : settings.https) {
    if (!wants_http3(settings, endpoint)) continue;
    auto opened = open_address(endpoint, ListenerRole::kQuic, change);
    if (opened) continue;
    if (settings.http3 != Http3Mode::kOptional) return opened;
    take_back(endpoint, ListenerRole::kQuic, change);
    change.left_out.push_back(std::move(opened).error());
  }
  return {};
}

// Of an address that could only be had in part nothing is used.
void Listeners::take_back(const base::Endpoint& wanted, ListenerRole role, Change& change) {
  std::erase_if(preparing_, [&](const Kept& kept) { return kept.wanted == wanted && kept.role == role; });
  const Kept* tls = find(wanted, ListenerRole::kTls);
  for (auto& sockets : change.added) {
    std::erase_if(sockets, [&](const auto& each) { return each.role == role && tls && each.address == tls->real; });
  }
}

const Listeners::Kept* Listeners::find(const base::Endpoint& wanted, ListenerRole role) const {
  for (const auto* list : {&kept_, &preparing_}) {
    const auto found =
        std::ranges::find_if(*list, [&](const Kept& kept) { return kept.role == role && kept.wanted == wanted; });
    if (found != list->end()) return &*found;
  }
  return nullptr;
}

// The port of the first address that has this role.
std::uint16_t Listeners::port_of(const Settings& settings, ListenerRole role) const {
  for (const auto& endpoint : settings.https) {
    const Kept* kept = is_wanted(settings, endpoint, role) ? find(endpoint, role) : nullptr;
    if (kept) return kept->real.port;
  }
  return 0;
}

std::vector<server::ProxyProtocolAddress> Listeners::proxy_protocol_addresses(const Settings& settings) const {
  std::vector<server::ProxyProtocolAddress> addresses;
  if (!settings.proxy_protocol) return addresses;
  for (const auto role : {ListenerRole::kTls, ListenerRole::kClear}) {
    for (const auto& endpoint : role == ListenerRole::kTls ? settings.https : settings.http) {
      const Kept* kept = find(endpoint, role);
      if (kept && settings.proxy_protocol->covers(endpoint)) {
        addresses.push_back({kept->real, settings.proxy_protocol->proxies});
      }
    }
  }
  return addresses;
}

base::Result<void> Listeners::open_address(const base::Endpoint& wanted, ListenerRole role, Change& change) {
  const auto same = [&](const Kept& kept) { return kept.wanted == wanted && kept.role == role; };
  if (std::ranges::any_of(kept_, same)) return {};
  // HTTP/3 has the port that HTTPS got.
  const Kept* tls = role == ListenerRole::kQuic ? find(wanted, ListenerRole::kTls) : nullptr;
  base::Endpoint real = tls ? tls->real : wanted;
  for (std::size_t worker = 0; worker < workers_; ++worker) {
    GATE_TRY_ASSIGN(auto opened, worker == 0 ? open_first(real, role) : open_socket(real, role, false));
    GATE_TRY_ASSIGN(real, os::local_endpoint(opened.socket.number()));
    GATE_TRY_ASSIGN(auto copy, duplicate(opened.socket));
    preparing_.push_back({std::move(copy), role, wanted, real, opened.inherited});
    change.added[worker].push_back({std::move(opened.socket), real, role});
  }
  // A process with more workers hands over more sockets than we have workers: all of their queues must be served.
  std::size_t worker = 0;
  const auto matches = [&](const os::InheritedSocket& each) {
    return each.address == real && each.transport == transport_of(role);
  };
  for (auto extra = std::ranges::find_if(inherited_, matches); extra != inherited_.end();
       extra = std::ranges::find_if(inherited_, matches)) {
    GATE_TRY_ASSIGN(auto copy, duplicate(extra->fd));
    preparing_.push_back({std::move(copy), role, wanted, real, true});
    change.added[worker++ % workers_].push_back({std::move(extra->fd), real, role});
    inherited_.erase(extra);
  }
  return {};
}

// Any free port, where that is asked for, is one that HTTP/3 can have too.
base::Result<Listeners::Opened> Listeners::open_first(const base::Endpoint& address, ListenerRole role) {
  constexpr int kTries = 32;
  for (int tries = 1;; ++tries) {
    GATE_TRY_ASSIGN(auto opened, open_socket(address, role, true));
    if (address.port != 0 || role != ListenerRole::kTls || opened.inherited || tries == kTries) return opened;
    GATE_TRY_ASSIGN(const auto real, os::local_endpoint(opened.socket.number()));
    if (os::check_port_free(real, os::Transport::kUdp)) return opened;
  }
}

base::Result<Listeners::Opened> Listeners::open_socket(const base::Endpoint& address, ListenerRole role, bool first) {
  const os::Transport transport = transport_of(role);
  // Port 0 asked for any port: the one that the predecessor got is as good, and clients know it.
  const auto ours = std::ranges::find_if(inherited_, [&](const auto& each) {
    const bool fits = each.address == address || (address.port == 0 && each.address.address == address.address);
    return fits && each.transport == transport;
  });
  if (ours != inherited_.end()) {
    os::Fd socket = std::move(ours->fd);
    inherited_.erase(ours);
    return Opened{std::move(socket), true};
  }
  const bool shared_with_inherited = std::ranges::any_of(
      preparing_, [&](const Kept& kept) { return kept.real == address && transport_of(kept.role) == transport; });
  if (first && !shared_with_inherited) {
    // Shared ports let a second server in silently; the first socket of an address makes sure that nobody is there.
    if (auto free = os::check_port_free(address, transport); !free) {
      return base::fail(explained(free.error(), address, transport));
    }
  }
  auto socket = transport == os::Transport::kUdp ? os::bind_udp(address) : os::listen_tcp(address);
  if (!socket) return base::fail(explained(socket.error(), address, transport));
  return Opened{*std::move(socket), false};
}

base::Result<void> Listeners::steer(const Change& change, const quic::ConnectionIdCodec& ids) {
  constexpr os::SteeringRule kRule = {.long_form_bit = 0x80,
                                      .short_id = 1,
                                      .long_id_length = 5,
                                      .long_id = 6,
                                      .id_bytes = quic::ConnectionIdCodec::kIdBytes,
                                      .block = quic::ConnectionIdCodec::kBlockOffset,
                                      .number_shift = quic::ConnectionIdCodec::kWorkerShift};
  if (workers_ == 1) return {};
  for (const auto& added : change.added.front()) {
    // Inherited sockets have their rule from the process that opened them.
    const bool is_new = std::ranges::any_of(preparing_, [&](const Kept& kept) {
      return kept.real == added.address && kept.role == ListenerRole::kQuic && !kept.inherited;
    });
    if (added.role == ListenerRole::kQuic && is_new) {
      GATE_TRY(os::steer_datagrams(added.socket.number(), kRule, ids.cipher()));
    }
  }
  return {};
}

void Listeners::commit(const Change& change) {
  std::erase_if(kept_, [&](const Kept& kept) {
    return std::ranges::find(change.removed, server::ListenerAddress{kept.real, kept.role}) != change.removed.end();
  });
  std::ranges::move(preparing_, std::back_inserter(kept_));
  preparing_.clear();
  addresses_.clear();
  for (const auto& kept : kept_) {
    const server::ListenerAddress address{kept.real, kept.role};
    if (std::ranges::find(addresses_, address) == addresses_.end()) addresses_.push_back(address);
  }
}

std::vector<int> Listeners::descriptors() const {
  std::vector<int> all;
  for (const auto& kept : kept_) all.push_back(kept.socket.number());
  return all;
}

}  // namespace gate::app

#include "client/resolver.h"

#include <ares.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/bytes.h"
#include "base/text.h"
#include "client/codes.h"
#include "client/dns_answer.h"
#include "os/system_address.h"

namespace gate::client {
namespace {

using namespace std::chrono_literals;

// Names an administrator writes down; more come only by mistake.
constexpr std::size_t kNamesMax = 4096;
// How long an answer is good: what it says, within reason. The hosts file says nothing.
constexpr std::chrono::seconds kLeastLife{1};
constexpr std::chrono::seconds kLongestLife{3600};
constexpr std::chrono::seconds kLifeUnsaid{5};
// RFC 8767 5: "the suggested value is between 1 and 3 days"; a server's address is rather left sooner.
constexpr std::chrono::hours kStaleLife{1};
constexpr std::chrono::seconds kRetryAfterFailure{2};
// Records of one service; more would not fit into an answer of the usual size.
constexpr std::size_t kTargetsMax = 256;
constexpr int kTimeoutMilliseconds = 2000;
constexpr int kTries = 3;
// RFC 1035 3.2.4, RFC 2782.
constexpr int kClassInternet = 1;
constexpr int kTypeService = 33;

base::Error cannot_start(int status) {
  return {.code = kCannotStartResolver,
          .side = base::Side::kSystem,
          .what = "cannot start the resolver of names",
          .why = ares_strerror(status),
          .fix = "see /etc/resolv.conf"};
}

bool denies(int status) { return status == ARES_ENOTFOUND || status == ARES_ENODATA; }

std::vector<base::IpAddress> addresses_of(const ares_addrinfo& answer) {
  std::vector<base::IpAddress> addresses;
  for (const auto* node = answer.nodes; node != nullptr; node = node->ai_next) {
    const bool known = node->ai_family == AF_INET || node->ai_family == AF_INET6;
    if (!known) continue;
    os::SystemAddress address;
    base::copy_bytes(std::as_writable_bytes(std::span(&address.storage, 1)),
                     {reinterpret_cast<const std::byte*>(node->ai_addr), node->ai_addrlen});
    const auto ip = os::from_system(address).address;
    if (std::ranges::find(addresses, ip) == addresses.end()) addresses.push_back(ip);
  }
  return addresses;
}

std::optional<std::chrono::seconds> life_of(const ares_addrinfo& answer) {
  int least = INT32_MAX;
  for (const auto* node = answer.nodes; node != nullptr; node = node->ai_next) least = std::min(least, node->ai_ttl);
  if (least <= 0 || least == INT32_MAX) return std::nullopt;
  return std::chrono::seconds(least);
}

std::vector<ServiceTarget> targets_of(base::ByteView answer) {
  std::vector<ServiceTarget> targets;
  ares_srv_reply* records = nullptr;
  const auto* bytes = reinterpret_cast<const unsigned char*>(answer.data());
  if (ares_parse_srv_reply(bytes, static_cast<int>(answer.size()), &records) != ARES_SUCCESS) return targets;
  const std::unique_ptr<ares_srv_reply, decltype(&ares_free_data)> owner(records, ares_free_data);
  for (const auto* record = records; record != nullptr && targets.size() < kTargetsMax; record = record->next) {
    // RFC 2782: "A Target of "." means that the service is decidedly not available at this domain."
    const std::string_view host = record->host;
    if (!host.empty() && host != ".") {
      targets.push_back({base::lowered(host), record->port, record->priority, record->weight});
    }
  }
  return targets;
}

}  // namespace

// Watches one of the library's sockets.
class Resolver::SocketWatcher final : public loop::Watcher, public loop::Mortal {
 public:
  SocketWatcher(Resolver& resolver, int socket) : resolver_(resolver), socket_(socket) {}

  void on_ready(loop::Readiness readiness) override {
    if (closed) return;
    resolver_.process(readiness.readable || readiness.ended ? socket_ : ARES_SOCKET_BAD,
                      readiness.writable ? socket_ : ARES_SOCKET_BAD);
  }

  bool closed = false;

 private:
  Resolver& resolver_;
  int socket_;
};

// What the library gives back with an answer.
struct Resolver::Question {
  Resolver& resolver;
  Key key;
};

void Resolver::FreeChannel::operator()(ares_channeldata* channel) const { ares_destroy(channel); }

base::Result<std::unique_ptr<Resolver>> Resolver::create(loop::Loop& loop) {
  auto resolver = std::make_unique<Resolver>(loop);
  GATE_TRY(resolver->open());
  return resolver;
}

base::Result<> Resolver::open() {
  if (const int status = ares_library_init(ARES_LIB_INIT_ALL); status != ARES_SUCCESS) {
    return base::fail(cannot_start(status));
  }
  ares_options options{};
  options.timeout = kTimeoutMilliseconds;
  options.tries = kTries;
  options.sock_state_cb = [](void* data, ares_socket_t socket, int reading, int writing) {
    static_cast<Resolver*>(data)->socket_changed(socket, reading != 0, writing != 0);
  };
  options.sock_state_cb_data = this;
  ares_channel channel = nullptr;
  const int status =
      ares_init_options(&channel, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
  if (status != ARES_SUCCESS) return base::fail(cannot_start(status));
  channel_.reset(channel);
  return {};
}

Resolver::Resolver(loop::Loop& loop) : loop_(loop) {}

Resolver::~Resolver() = default;

const Resolved* Resolver::find(Wanted wanted, const std::string& name, Lookup& lookup) {
  const Key key{wanted, name};
  const auto known = known_.find(key);
  if (known != known_.end() && !known->second.found.empty()) {
    if (loop_.now() < known->second.expires) return &known->second.found;
    // An answer that was good a moment ago is good enough while it is asked for anew.
    if (loop_.now() < known->second.stale_until) {
      if (!known->second.asked) ask(key);
      return &known->second.found;
    }
  }
  waiting_[key].push_back(lookup);
  if (known == known_.end() || !known->second.asked) ask(key);
  return nullptr;
}

void Resolver::ask(const Key& key) {
  if (known_.size() >= kNamesMax && !known_.contains(key)) known_.clear();
  known_[key].asked = true;
  if (key.first == Wanted::kService) {
    ask_for_service(key);
  } else {
    ask_for_addresses(key);
  }
  keep_timer();
}

void Resolver::ask_for_addresses(const Key& key) {
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  auto question = std::make_unique<Question>(Question{*this, key});
  ares_getaddrinfo(
      channel_.get(), key.second.c_str(), nullptr, &hints,
      [](void* data, int status, int, ares_addrinfo* answer) {
        const std::unique_ptr<Question> asked(static_cast<Question*>(data));
        const std::unique_ptr<ares_addrinfo, decltype(&ares_freeaddrinfo)> owner(answer, ares_freeaddrinfo);
        if (status == ARES_EDESTRUCTION) return;
        const bool found = status == ARES_SUCCESS && answer != nullptr;
        asked->resolver.answered(asked->key,
                                 {.addresses = found ? addresses_of(*answer) : std::vector<base::IpAddress>{},
                                  .targets = {},
                                  .timed_out = status == ARES_ETIMEOUT,
                                  .denied = denies(status)},
                                 found ? life_of(*answer) : std::nullopt);
      },
      question.release());
}

void Resolver::ask_for_service(const Key& key) {
  auto question = std::make_unique<Question>(Question{*this, key});
  ares_query(
      channel_.get(), key.second.c_str(), kClassInternet, kTypeService,
      [](void* data, int status, int, unsigned char* bytes, int count) {
        const std::unique_ptr<Question> asked(static_cast<Question*>(data));
        if (status == ARES_EDESTRUCTION) return;
        const bool found = status == ARES_SUCCESS && bytes != nullptr;
        const base::ByteView answer(reinterpret_cast<const std::byte*>(bytes),
                                    static_cast<std::size_t>(found ? count : 0));
        asked->resolver.answered(asked->key,
                                 {.addresses = {},
                                  .targets = targets_of(answer),
                                  .timed_out = status == ARES_ETIMEOUT,
                                  .denied = denies(status)},
                                 least_ttl(answer));
      },
      question.release());
}

// May be called from within ask(): the hosts file needs no waiting.
void Resolver::answered(const Key& key, Resolved result, std::optional<std::chrono::seconds> life) {
  Known& known = known_[key];
  known.asked = false;
  if (result.denied) {
    // RFC 8767 4: an answer that there is none takes the place of old data.
    known = {};
  } else if (!result.empty()) {
    known.found = result;
    known.expires = loop_.now() + std::clamp(life.value_or(kLifeUnsaid), kLeastLife, kLongestLife);
    known.stale_until = known.expires + kStaleLife;
  } else if (loop_.now() < known.stale_until) {
    known.expires = loop_.now() + kRetryAfterFailure;
    result = known.found;
  }
  results_.emplace_back(key, std::move(result));
  loop_.schedule(*this);
}

void Resolver::on_turn_end() {
  for (auto& [key, result] : std::exchange(results_, {})) {
    const auto waiting = waiting_.find(key);
    if (waiting == waiting_.end()) continue;
    base::IntrusiveList<Lookup> told;
    told.take_all(waiting->second);
    waiting_.erase(waiting);
    while (!told.empty()) told.pop_front().resolved(result);
  }
}

void Resolver::socket_changed(int socket, bool reading, bool writing) {
  const auto watched = sockets_.find(socket);
  if (!reading && !writing) {
    if (watched == sockets_.end()) return;
    loop_.unwatch(socket);
    watched->second->closed = true;
    loop_.bury(std::move(watched->second));
    sockets_.erase(watched);
    return;
  }
  if (watched == sockets_.end()) {
    auto watcher = std::make_unique<SocketWatcher>(*this, socket);
    // What cannot be watched is found by the library's own timeout.
    if (!loop_.watch(socket, *watcher, loop::Loop::Mode::kLevel)) return;
    sockets_.emplace(socket, std::move(watcher));
  }
  loop_.change_watch(socket, *sockets_[socket], {.reading = reading, .writing = writing});
}

void Resolver::process(int readable, int writable) {
  ares_process_fd(channel_.get(), readable, writable);
  keep_timer();
}

void Resolver::on_timer() { process(ARES_SOCKET_BAD, ARES_SOCKET_BAD); }

void Resolver::keep_timer() {
  timeval wait{};
  if (const auto* next = ares_timeout(channel_.get(), nullptr, &wait); next != nullptr) {
    loop_.arm(*this, loop_.now() + std::chrono::seconds(next->tv_sec) + std::chrono::microseconds(next->tv_usec));
  }
}

}  // namespace gate::client

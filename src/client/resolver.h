#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/intrusive_list.h"
#include "base/ip.h"
#include "base/result.h"
#include "loop/loop.h"

struct ares_channeldata;  // NOLINT(readability-identifier-naming): the library's

namespace gate::client {

// One record of a service (RFC 2782).
struct ServiceTarget {
  std::string host;
  std::uint16_t port = 0;
  std::uint16_t priority = 0;  // the lowest first
  std::uint16_t weight = 0;    // the share among those of one priority
};

// What is asked of a name.
enum class Wanted : std::uint8_t { kAddresses, kService };

// What a look-up came to: of the two lists the one that was wanted. Without entries it failed, or the name has none.
struct Resolved {
  std::vector<base::IpAddress> addresses;  // in the order to be tried
  std::vector<ServiceTarget> targets;
  bool timed_out = false;
  bool denied = false;  // the name is known to have none

  bool empty() const { return addresses.empty() && targets.empty(); }
};

// A look-up under way, for whoever wants it. Destroying it gives up.
class Lookup : private base::ListNode<Lookup> {
 public:
  virtual ~Lookup() = default;

 protected:
  // Called once.
  virtual void resolved(const Resolved& result) = 0;

 private:
  friend class Resolver;
  friend class base::IntrusiveList<Lookup>;
};

// Names to addresses and services, by the machine's own rules (hosts file, resolv.conf) and without waiting: one a
// worker. Answers are kept as long as they say; when nobody answers any more, the old ones stay good for a while (RFC
// 8767).
class Resolver final : private loop::Timer, private loop::TurnEnd {
 public:
  // `loop` outlives it.
  static base::Result<std::unique_ptr<Resolver>> create(loop::Loop& loop);
  explicit Resolver(loop::Loop& loop);
  ~Resolver() override;
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // What `name` has of what is wanted, where it is known; else null, and `lookup` is told later.
  const Resolved* find(Wanted wanted, const std::string& name, Lookup& lookup);

 private:
  class SocketWatcher;
  using Key = std::pair<Wanted, std::string>;
  struct Known {
    Resolved found;
    base::Instant expires{};
    base::Instant stale_until{};
    bool asked = false;
  };
  struct Question;
  struct FreeChannel {
    void operator()(ares_channeldata* channel) const;
  };

  base::Result<> open();
  void on_timer() override;
  void on_turn_end() override;
  void ask(const Key& key);
  void ask_for_addresses(const Key& key);
  void ask_for_service(const Key& key);
  void answered(const Key& key, Resolved result, std::optional<std::chrono::seconds> life);
  void socket_changed(int socket, bool reading, bool writing);
  void process(int readable, int writable);
  void keep_timer();

  loop::Loop& loop_;
  std::map<Key, Known> known_;
  std::map<Key, base::IntrusiveList<Lookup>> waiting_;
  std::map<int, std::unique_ptr<SocketWatcher>> sockets_;
  std::vector<std::pair<Key, Resolved>> results_;           // to be told at the end of the turn
  std::unique_ptr<ares_channeldata, FreeChannel> channel_;  // last: its end calls back
};

}  // namespace gate::client

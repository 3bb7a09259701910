#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/intrusive_list.h"
#include "base/ip.h"
#include "base/result.h"
#include "loop/loop.h"

struct ares_channeldata;
struct ares_addrinfo;  // NOLINT(readability-identifier-naming): the library's

namespace gate::client {

// What a look-up came to. Without addresses it failed, or the name has none.
struct Resolved {
  std::vector<base::IpAddress> addresses;
  bool timed_out = false;
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

// Names to addresses, by the machine's own rules (hosts file, resolv.conf) and without waiting: one a worker. Answers
// are kept as long as they say; when they cannot be had anew, the old ones stay good for a while (RFC 8767).
class Resolver final : private loop::Timer, private loop::TurnEnd {
 public:
  // `loop` outlives it.
  static base::Result<std::unique_ptr<Resolver>> create(loop::Loop& loop);
  explicit Resolver(loop::Loop& loop);
  ~Resolver() override;
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // The addresses of `name` where they are known, in the order to be tried; else null, and `lookup` is told later.
  const std::vector<base::IpAddress>* find(const std::string& name, Lookup& lookup);

 private:
  class SocketWatcher;
  struct Name {
    std::vector<base::IpAddress> addresses;
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
  void ask(const std::string& name);
  void answered(const std::string& name, int status, const ares_addrinfo* answer);
  void socket_changed(int socket, bool reading, bool writing);
  void process(int readable, int writable);
  void keep_timer();

  loop::Loop& loop_;
  std::map<std::string, Name> names_;
  std::map<std::string, base::IntrusiveList<Lookup>> waiting_;
  std::map<int, std::unique_ptr<SocketWatcher>> sockets_;
  std::vector<std::pair<std::string, Resolved>> results_;   // to be told at the end of the turn
  std::unique_ptr<ares_channeldata, FreeChannel> channel_;  // last: its end calls back
};

}  // namespace gate::client

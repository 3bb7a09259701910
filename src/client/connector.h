#pragma once

#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/ip.h"
#include "client/dial.h"
#include "client/location.h"
#include "client/resolver.h"
#include "client/server_address.h"
#include "http/call.h"
#include "loop/loop.h"
#include "os/fd.h"

namespace gate::client {

class Connector;

class ConnectorListener {
 public:
  // Either is called once, never from within start(). The connector is over, and is to be buried in the loop.
  virtual void connected(Connector& connector, os::Fd socket, const base::Endpoint& peer) = 0;
  virtual void connect_failed(Connector& connector, const http::CallFailure& failure) = 0;

 protected:
  ~ConnectorListener() = default;
};

// What connectors of one worker share. Outlives them.
struct ConnectorContext {
  loop::Loop& loop;
  Resolver& resolver;
  base::Random& random;
};

// One connection on its way to a server: from the name to an address to a socket.
class Connector final : public loop::Mortal, private LocationListener, private DialListener {
 public:
  // `listener` outlives it. Burying it gives up; give_up() does so at once.
  Connector(const ConnectorContext& context, ConnectorListener& listener, base::Duration timeout)
      : begun_(context.loop.now()),
        listener_(listener),
        location_(context.resolver, context.random, *this),
        dial_(context.loop, *this, timeout) {}

  void start(const ServerAddress& address) {
    if (address.host.empty()) return dial_.start(address.path);
    location_.start(address);
  }
  void give_up() { dial_.give_up(); }
  base::Instant begun() const { return begun_; }

 private:
  void located(std::vector<base::Endpoint> endpoints) override { dial_.start(std::move(endpoints)); }
  void not_located(const http::CallFailure& failure) override { dial_.start_failed(failure); }
  void dialed(Dial&, os::Fd socket, const base::Endpoint& peer) override {
    listener_.connected(*this, std::move(socket), peer);
  }
  void dial_failed(Dial&, const http::CallFailure& failure) override { listener_.connect_failed(*this, failure); }

  const base::Instant begun_;
  ConnectorListener& listener_;
  Location location_;
  Dial dial_;
};

}  // namespace gate::client

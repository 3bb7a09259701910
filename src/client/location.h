#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ip.h"
#include "client/resolver.h"
#include "client/server_address.h"
#include "http/call.h"

namespace gate::client {

class LocationListener {
 public:
  // Either is called once, also from within start().
  virtual void located(std::vector<base::Endpoint> endpoints) = 0;
  virtual void not_located(const http::CallFailure& failure) = 0;

 protected:
  ~LocationListener() = default;
};

// Finds out where a server listens that is known by a name: the addresses of a host, or those of the hosts that a
// service's records name, in the order to be tried. Destroying it gives up.
class Location final : private Lookup {
 public:
  // All outlive it.
  Location(Resolver& resolver, base::Random& random, LocationListener& listener)
      : resolver_(resolver), random_(random), listener_(listener) {}

  // Not for Unix sockets.
  void start(const ServerAddress& address);

 private:
  void resolved(const Resolved& result) override;
  void take(const Resolved& result);
  void find(Wanted wanted, const std::string& name);
  void find_next_host();

  Resolver& resolver_;
  base::Random& random_;
  LocationListener& listener_;
  std::vector<ServiceTarget> targets_;  // that are still to be looked up, the first is the last
  std::uint16_t port_ = 0;              // of the host that is being looked up
  Wanted wanted_ = Wanted::kAddresses;
  bool timed_out_ = false;
  std::vector<base::Endpoint> endpoints_;
};

// RFC 8305 4: the families alternate, and the first address stays the first.
std::vector<base::Endpoint> interleaved(std::vector<base::Endpoint> addresses);

// RFC 2782: by priority, and in an order by chance among those of one, in which each is the first as often as its
// weight says.
std::vector<ServiceTarget> ordered(std::vector<ServiceTarget> targets, base::Random& random);

}  // namespace gate::client

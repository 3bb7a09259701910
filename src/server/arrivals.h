#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "net/arrival.h"

namespace gate::server {

// What becomes of those that have arrived.
class ArrivalsOwner {
 public:
  // To be served; `info` says now who the peer is.
  virtual void arrived(os::Fd socket, const http::ConnectionInfo& info) = 0;
  // Not to be served, and closed; `info` has the proxy's address. `text` is static.
  virtual void turned_away(const http::ConnectionInfo& info, base::ErrorCode code, std::string_view text) = 0;

 protected:
  ~ArrivalsOwner() = default;
};

// The connections of one worker whose proxies have not said yet for whom they are.
class Arrivals final : private net::ArrivalOwner {
 public:
  // All outlive the arrivals.
  Arrivals(loop::Loop& loop, net::TurnBuffers& buffers, ArrivalsOwner& owner)
      : context_{loop, buffers, *this}, owner_(owner) {}

  // Waits for the proxy's word, until `deadline`.
  void add(os::Fd socket, const http::ConnectionInfo& info, base::Instant deadline);

  // Closes all of them.
  void discard() { arrivals_.clear(); }

  std::size_t size() const { return arrivals_.size(); }

 private:
  void arrived(net::Arrival& arrival) override;
  void turned_away(net::Arrival& arrival, base::ErrorCode code, std::string_view text) override;
  void remove(const net::Arrival& arrival);

  net::ArrivalContext context_;
  ArrivalsOwner& owner_;
  std::vector<std::unique_ptr<net::Arrival>> arrivals_;
};

}  // namespace gate::server

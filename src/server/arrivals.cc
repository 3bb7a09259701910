#include "server/arrivals.h"

#include <utility>

#include "base/check.h"

namespace gate::server {

bool Arrivals::add(os::Fd socket, const http::ConnectionInfo& info, net::Awaited awaited, base::Instant deadline) {
  auto arrival = std::make_unique<net::Arrival>(context_, std::move(socket), info, awaited, deadline);
  if (!arrival->start()) return false;
  arrival->table_index = arrivals_.size();
  arrivals_.push_back(std::move(arrival));
  return true;
}

void Arrivals::arrived(net::Arrival& arrival, const tls::ClientHello* hello) {
  remove(arrival);
  switch (arrival.awaited()) {
    case net::Awaited::kProxyHeader: return owner_.named(arrival.take_socket(), arrival.info());
    case net::Awaited::kClientHello: return owner_.greeted(arrival.take_socket(), arrival.info(), hello);
  }
}

void Arrivals::turned_away(net::Arrival& arrival, base::ErrorCode code, std::string_view text) {
  remove(arrival);
  owner_.turned_away(arrival.info(), code, text);
}

// It is freed when the turn ends.
void Arrivals::remove(const net::Arrival& arrival) {
  const std::size_t index = arrival.table_index;
  GATE_CHECK(index < arrivals_.size() && arrivals_[index].get() == &arrival);
  std::swap(arrivals_[index], arrivals_.back());
  arrivals_[index]->table_index = index;
  context_.loop.bury(std::move(arrivals_.back()));
  arrivals_.pop_back();
}

}  // namespace gate::server

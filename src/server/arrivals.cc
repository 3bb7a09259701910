#include "server/arrivals.h"

#include <utility>

#include "base/check.h"

namespace gate::server {

void Arrivals::add(os::Fd socket, const http::ConnectionInfo& info, base::Instant deadline) {
  auto arrival = std::make_unique<net::Arrival>(context_, std::move(socket), info, deadline);
  if (!arrival->start()) return;  // without room in the event queue there is nobody to wait for
  arrival->table_index = arrivals_.size();
  arrivals_.push_back(std::move(arrival));
}

void Arrivals::arrived(net::Arrival& arrival) {
  remove(arrival);
  owner_.arrived(arrival.take_socket(), arrival.info());
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

#include "server/passage.h"

#include <array>
#include <utility>

#include "os/socket.h"

namespace gate::server {

Passage::Passage(const PassageContext& context, os::Fd client, const http::ConnectionInfo& info,
                 std::shared_ptr<const PassPlan> plan)
    : context_(context), client_(std::move(client)), info_(info), plan_(std::move(plan)) {}

Passage::~Passage() = default;

void Passage::start() {
  ConnectorListener& listener = *this;
  connector_ = std::make_unique<client::Connector>(context_.connector, listener, plan_->connect_timeout);
  connector_->start(plan_->server);
}

void Passage::connected(client::Connector&, os::Fd socket, const base::Endpoint&) {
  context_.relay.loop.bury(std::move(connector_));
  RelayOwner& owner = *this;
  relay_ =
      std::make_unique<net::Relay>(context_.relay, owner, std::move(client_), std::move(socket), plan_->idle_timeout);
  const http::ProxiedConnection connection{.client = info_.peer, .local = info_.local};
  if (relay_->start(net::proxy_header(plan_->proxy_protocol, connection))) return;
  context_.owner.passage_ended(*this, net::CloseReason::kSocketFailed);
}

void Passage::connect_failed(client::Connector&, const http::CallFailure& failure) {
  context_.relay.loop.bury(std::move(connector_));
  context_.owner.passage_failed(*this, failure.reason);
  refuse();
  context_.owner.passage_ended(*this, net::CloseReason::kHandshakeFailed);
}

// RFC 8446 6.2: internal_error, which stands for what has nothing to do with the peer. What lies unread would reset the
// connection when it is closed, and take the alert with it.
void Passage::refuse() {
  constexpr auto kAlert = std::to_array<std::uint8_t>({21, 3, 3, 0, 2, 2, 80});
  constexpr int kRoundsMax = 4;
  for (int round = 0; round < kRoundsMax; ++round) {
    if (os::receive(client_.number(), context_.relay.buffers.received).state != os::IoState::kDone) break;
  }
  os::send(client_.number(), std::as_bytes(std::span(kAlert)));
  client_.close();
}

void Passage::relay_ended(net::Relay&, net::CloseReason reason) { context_.owner.passage_ended(*this, reason); }

void Passage::discard() {
  if (connector_) connector_->give_up();
  if (relay_) relay_->discard();
  context_.owner.passage_ended(*this, net::CloseReason::kDiscarded);
}

}  // namespace gate::server

#include "server/quic_front.h"

#include <utility>

#include "server/codes.h"

namespace gate::server {

QuicFront::QuicFront(const QuicFrontContext& context, std::function<void()> emptied)
    : context_(context),
      emptied_(std::move(emptied)),
      endpoint_({.loop = context.loop,
                 .buffers = context.buffers,
                 .owner = *this,
                 .random = context.random,
                 .bytes_received = context.metrics.bytes_received,
                 .bytes_sent = context.metrics.bytes_sent,
                 .datagrams = context.metrics.datagrams,
                 .keys = context.keys,
                 .home = context.home}) {}

void QuicFront::adopt(std::shared_ptr<const Plan> plan, std::shared_ptr<const tls::ServerContext> tls) {
  plan_ = std::move(plan);
  tls_ = std::move(tls);
  qlog_.use(plan_->qlog_folder);
  endpoint_.use(plan_->quic, plan_->limits, plan_->server_limits.handshakes_per_turn_max);
}

base::Result<> QuicFront::listen(os::Fd socket) {
  GATE_TRY_ASSIGN(auto datagrams, os::UdpSocket::create(std::move(socket)));
  return endpoint_.listen(std::move(datagrams));
}

void QuicFront::drain(bool hand_over) {
  if (hand_over) endpoint_.leave_sockets();
  endpoint_.drain();
}

bool QuicFront::admit(const base::Endpoint& peer) {
  if (endpoint_.size() >= plan_->server_limits.connections_max) {
    context_.recorder.connection_refused(peer, kTooManyConnections, "the bound of connections is reached");
    return false;
  }
  if (!context_.address_counts.add(peer.address, plan_->server_limits.connections_per_address_max)) {
    context_.recorder.connection_refused(peer, kTooManyFromAddress, "one address holds too many connections");
    return false;
  }
  context_.recorder.connection_accepted();
  return true;
}

http::ConnectionInfo QuicFront::describe(const quic::Path& path) {
  return {.id = context_.next_connection_id++,
          .peer = path.peer,
          .local = path.local,
          .accepted_at = context_.loop.now(),
          .secure = true};
}

std::unique_ptr<http::h3::H3Wire> QuicFront::make_http3(net::QuicConnection& connection) {
  return std::make_unique<http::h3::H3Wire>(context_.wires, context_.dispatcher, connection.info(), connection.limits(),
                                            connection.transport());
}

void QuicFront::handshake_done(const net::QuicConnection& connection) {
  context_.recorder.handshake_done(connection.tls_facts());
}

void QuicFront::handshake_failed(const net::QuicConnection& connection, const base::Error& error) {
  context_.recorder.handshake_failed(connection.info(), &connection.tls_facts(), error);
}

void QuicFront::closed(const net::QuicConnection& connection, net::CloseReason reason) {
  context_.recorder.quic_closed(connection.facts());
  context_.recorder.connection_closed(reason);
  context_.address_counts.subtract(connection.first_peer().address);
  if (endpoint_.size() == 0) emptied_();
}

bool QuicFront::pass_on(const quic::ConnectionHome& home, const os::DatagramTrain& datagram) {
  return context_.router != nullptr && context_.router->pass_on(home, datagram);
}

void QuicFront::qlog(const net::QuicConnection& connection, base::ByteView bytes, bool last) {
  qlog_.write(connection.info().id, bytes, last);
}

}  // namespace gate::server

#include "net/quic_endpoint.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"

namespace gate::net {
namespace {

// Unfinished handshakes above which clients have to show their address first (RFC 9000 8.1.2): the mark of a flood with
// made-up addresses.
constexpr std::uint32_t kUnprovenHandshakesMax = 64;

// Packets sent to nobody's connection in a turn (Version Negotiation, Retry, Stateless Reset): they cost little, and
// their receivers may not have asked.
constexpr std::uint32_t kRepliesPerTurn = 64;

// Ids a connection has at once, and its client's first one.
constexpr std::size_t kIdsPerConnection = 10;

quic::ConnectionIdHash::Key hash_key(base::Random& random) {
  quic::ConnectionIdHash::Key key{};
  random.fill(std::as_writable_bytes(std::span(key)));
  return key;
}

}  // namespace

QuicEndpoint::QuicEndpoint(const QuicContext& context)
    : context_(context),
      codec_(context.keys.ids),
      reception_(context.keys, context.random),
      ids_(kIdsPerConnection, quic::ConnectionIdHash(hash_key(context.random))) {}

QuicEndpoint::~QuicEndpoint() { discard_all(); }

void QuicEndpoint::use(const quic::ConnectionSettings& settings, std::shared_ptr<const http::Limits> limits,
                       std::uint32_t handshakes_per_turn_max) {
  settings_ = settings;
  limits_ = std::move(limits);
  handshakes_per_turn_max_ = handshakes_per_turn_max;
}

// --- Sockets

base::Result<> QuicEndpoint::listen(os::UdpSocket socket) {
  DatagramSink& sink = *this;
  auto endpoint = std::make_unique<UdpEndpoint>(context_.loop, context_.buffers, sink, std::move(socket),
                                                context_.datagrams.overflowed);
  GATE_TRY(endpoint->start());
  sockets_.push_back(std::move(endpoint));
  return {};
}

void QuicEndpoint::stop_listening(const base::Endpoint& address) {
  for (auto socket = sockets_.begin(); socket != sockets_.end();) {
    if ((*socket)->local() != address) {
      ++socket;
      continue;
    }
    for (const auto& connection : connections_) {
      if (&connection->socket() == socket->get()) connection->drain();
    }
    leaving_.push_back(std::move(*socket));
    socket = sockets_.erase(socket);
  }
  close_unused_sockets();
}

void QuicEndpoint::close_unused_sockets() {
  std::erase_if(leaving_, [&](auto& socket) {
    const bool used =
        std::ranges::any_of(connections_, [&](const auto& each) { return &each->socket() == socket.get(); });
    if (used) return false;
    // Its readiness may be known already, and what it received now would tie a connection to a socket that is gone.
    socket->stop_receiving();
    context_.loop.bury(std::move(socket));
    return true;
  });
}

void QuicEndpoint::leave_sockets() {
  for (const auto& socket : leaving_) socket->stop_receiving();
  for (const auto& socket : sockets_) socket->stop_receiving();
}

void QuicEndpoint::wait_for_room(QuicConnection& connection) { waiting_.push_back(&connection); }

void QuicEndpoint::writable(UdpEndpoint&) {
  for (QuicConnection* connection : std::exchange(waiting_, {})) connection->continue_sending();
}

// --- Datagrams

void QuicEndpoint::datagrams(UdpEndpoint& socket, os::DatagramTrain train) {
  context_.bytes_received.add(train.bytes.size());
  while (!train.bytes.empty()) {
    datagram(socket, train.path, train.ecn, os::next_datagram(train));
  }
}

void QuicEndpoint::datagram(UdpEndpoint& socket, const os::DatagramPath& path, std::uint8_t ecn, base::ByteView bytes) {
  const auto destination = quic::destination_of(bytes);
  // Versions of QUIC that are to come may have longer ids (RFC 8999 5.1), and are told ours.
  if (!destination) return receive_stray(socket, path, ecn, bytes);
  if (const auto found = ids_.find(*destination); found != ids_.end()) {
    found->second->receive(socket, path, ecn, bytes);
    return;
  }
  const auto home = codec_.decode(destination->bytes());
  const bool elsewhere = home && *home != context_.home;
  if (elsewhere && pass_on(*home, {.path = path, .ecn = ecn, .bytes = bytes, .datagram_bytes = bytes.size()})) {
    return;
  }
  receive_stray(socket, path, ecn, bytes);
}

bool QuicEndpoint::pass_on(const quic::ConnectionHome& home, const os::DatagramTrain& datagram) {
  if (!context_.owner.pass_on(home, datagram)) return false;
  const bool ours = home.generation == context_.home.generation;
  (ours ? context_.datagrams.to_workers : context_.datagrams.to_processes).add();
  return true;
}

void QuicEndpoint::receive_passed_on(const os::DatagramTrain& datagram) {
  const auto destination = quic::destination_of(datagram.bytes);
  if (!destination) return;
  if (const auto found = ids_.find(*destination); found != ids_.end()) {
    QuicConnection& connection = *found->second;
    connection.receive(connection.socket(), datagram.path, datagram.ecn, datagram.bytes);
    return;
  }
  // An id that a client has made up may look like one of ours.
  if (!sockets_.empty()) receive_stray(*sockets_.front(), datagram.path, datagram.ecn, datagram.bytes);
}

void QuicEndpoint::receive_stray(UdpEndpoint& socket, const os::DatagramPath& path, std::uint8_t ecn,
                                 base::ByteView bytes) {
  if (begun_at_ != context_.loop.now()) {
    begun_at_ = context_.loop.now();
    begun_ = 0;
    replies_ = 0;
  }
  std::array<std::byte, quic::Reception::kReplyBytesMax> reply;
  const bool demand_proof = handshaking_ >= kUnprovenHandshakesMax || begun_ >= handshakes_per_turn_max_;
  auto decision = reception_.judge(bytes, path, context_.loop.wall(), demand_proof, fresh_id(), reply);
  switch (decision.action) {
    case quic::Reception::Action::kDrop: return;
    case quic::Reception::Action::kReply: {
      if (++replies_ > kRepliesPerTurn) return;
      const auto answer = base::ByteView(reply).first(decision.reply_bytes);
      count_sent(socket.send({.path = path, .bytes = answer, .datagram_bytes = answer.size()}).count);
      return;
    }
    case quic::Reception::Action::kAccept: accept(socket, decision.first, path, ecn, bytes); return;
  }
}

// Handshakes cost a hundred times what a request costs. Each turn begins a few; a client that is not heard sends its
// first packet again.
void QuicEndpoint::accept(UdpEndpoint& socket, const quic::FirstPacket& first, const os::DatagramPath& path,
                          std::uint8_t ecn, base::ByteView bytes) {
  constexpr std::uint32_t kProvenFactor = 2;
  // On an address that is no longer configured only those go on who are there.
  if (std::ranges::any_of(leaving_, [&](const auto& each) { return each.get() == &socket; })) return;
  if (draining_ || begun_ >= kProvenFactor * handshakes_per_turn_max_ || !context_.owner.admit(path.peer)) return;
  ++begun_;
  ++handshaking_;
  auto connection =
      std::make_unique<QuicConnection>(*this, socket, context_.owner.describe(path), limits_, first, path);
  QuicConnection& begun = *connection;
  begun.table_index = connections_.size();
  connections_.push_back(std::move(connection));
  begun.receive(socket, path, ecn, bytes);
}

quic::ResetToken QuicEndpoint::reset_token(const quic::ConnectionId& id) const {
  return quic::reset_token_of(context_.keys.resets, id);
}

std::vector<std::byte> QuicEndpoint::address_token(const quic::Path& path) {
  return reception_.tokens().for_later(path.peer.address, context_.loop.wall(), context_.random);
}

// --- Ends

void QuicEndpoint::closed(QuicConnection& connection, CloseReason reason) {
  if (!connection.transport().handshake_complete()) --handshaking_;
  std::erase(waiting_, &connection);
  connection.forget_ids();
  const std::size_t index = connection.table_index;
  GATE_CHECK(index < connections_.size() && connections_[index].get() == &connection);
  std::swap(connections_[index], connections_.back());
  connections_[index]->table_index = index;
  context_.loop.bury(std::move(connections_.back()));
  connections_.pop_back();
  if (!leaving_.empty()) close_unused_sockets();
  context_.owner.closed(connection, reason);
}

void QuicEndpoint::drain() {
  draining_ = true;
  drain_those([](const QuicConnection&) { return true; });
}

// Draining may close a connection at once, which takes it out of the list.
void QuicEndpoint::drain_those(const std::function<bool(const QuicConnection&)>& which) {
  for (std::size_t i = connections_.size(); i-- > 0;) {
    if (i < connections_.size() && which(*connections_[i])) connections_[i]->drain();
  }
}

void QuicEndpoint::discard_all() {
  while (!connections_.empty()) connections_.back()->discard();
}

}  // namespace gate::net

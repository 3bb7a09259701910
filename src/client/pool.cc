#include "client/pool.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "client/context.h"
#include "http/fcgi/client_wire.h"
#include "http/h1/client_wire.h"
#include "http/h2/client_wire.h"
#include "tls/codes.h"
#include "tls/engine.h"

namespace gate::client {
namespace {

http::CallFailure failure_of(const base::Error& error) {
  const bool untrusted = error.code == tls::kPeerNotTrusted;
  const bool late = error.code == tls::kHandshakeTimeout;
  return {untrusted ? http::CallFault::kTlsCertificateError
          : late    ? http::CallFault::kConnectionTimeout
                    : http::CallFault::kTlsProtocolError,
          http::Delivered::kNothing,
          untrusted ? "the server's certificate is not accepted"
          : late    ? "the server did not finish the handshake in time"
                    : "the TLS handshake with the server failed"};
}

http::CallFailure no_longer_configured() {
  return {http::CallFault::kConnectionTerminated, http::Delivered::kNothing, "the server is no longer configured"};
}

}  // namespace

// One open connection.
class Pool::Link final : public http::ClientWireOwner, public loop::Mortal {
 public:
  explicit Link(Pool& pool) : pool_(pool) {}

  void calls_changed(http::ClientWire&) override { pool_.make_available(*this); }

  // How much of the time since then it was being made in.
  base::Duration made_in(base::Instant since) const {
    return std::max(made - std::max(since, begun), base::Duration{});
  }

  std::unique_ptr<net::Connection> connection;
  http::ClientWire* wire = nullptr;  // null before it is open
  base::Instant begun{};             // to be made
  base::Instant made{};              // to carry calls
  base::Instant idle_since{};
  bool available = false;
  bool speaks_unasked = false;               // what comes while it is idle is no sign of its end
  std::optional<http::CallFailure> failure;  // of the handshake
  http::Call* only_for = nullptr;            // whose client the server was told of, until the call is started
  base::Instant only_for_since{};            // that call waits

 private:
  Pool& pool_;
};

Pool::Pool(Context& context, PoolSettings settings)
    : context_(context),
      settings_(std::move(settings)),
      limits_(std::make_shared<const http::Limits>(settings_.limits)),
      connection_context_{context.loop(), context.buffers(), *this, context.bytes_received, context.bytes_sent},
      multiplexed_(is_h2c()) {
  if (!settings_.address.secure()) return;
  const std::vector<std::string> every{"h2", "http/1.1"};
  const std::vector<std::string> http1{"http/1.1"};
  const tls::ClientSettings wanted{.roots = settings_.roots.get(),
                                   .credential = settings_.credential.get(),
                                   .alpn = settings_.protocol == Protocol::kHttp ? every : http1};
  if (auto made = tls::ClientContext::create(wanted, context.loop())) tls_ = *std::move(made);
}

Pool::~Pool() {
  for (const auto& refused : std::exchange(refused_, {})) waiting_.push_back({refused.call, {}});
  while (!waiting_.empty()) {
    http::Call& call = *waiting_.front().call;
    waiting_.pop_front();
    call.fail(no_longer_configured());
  }
  for (auto& link : links_) {
    if (link->only_for) std::exchange(link->only_for, nullptr)->fail(no_longer_configured());
  }
  for (auto& opening : openings_) {
    opening->give_up();
    context_.loop().bury(std::move(opening));
  }
  openings_.clear();
  while (!links_.empty()) links_.back()->connection->discard(net::CloseReason::kDiscarded);
}

void Pool::start(http::Call& call) {
  if (asks_for_upgrade(call)) return start_upgrade(call);
  if (start_on_available(call, context_.loop().now())) return;
  if (waiting_.size() >= settings_.waiting_max) {
    return refuse(call, {http::CallFault::kConnectionLimitReached, http::Delivered::kNothing,
                         "too many requests wait for this server"});
  }
  call.attach(*this);
  waiting_.push_back({&call, context_.loop().now()});
  open_as_needed();
  keep_timer();
}

bool Pool::asks_for_upgrade(const http::Call& call) const {
  const bool may_be_http2 = settings_.protocol == Protocol::kHttp && (is_h2c() || settings_.address.secure());
  return may_be_http2 && !call.request.upgrade.empty();
}

// RFC 9113 8.6: "HTTP/2 does not support the 101 (Switching Protocols) informational status code": a server that would
// choose HTTP/2 is asked on connections where it cannot; one that speaks nothing else cannot be asked at all.
void Pool::start_upgrade(http::Call& call) {
  if (!settings_.address.secure()) {
    return refuse(call, {http::CallFault::kUpgradeFailed, http::Delivered::kNothing,
                         "a server spoken with in h2c cannot be asked to switch protocols"});
  }
  if (!upgrades_) {
    PoolSettings settings = settings_;
    settings.protocol = Protocol::kHttp1;
    upgrades_ = std::make_unique<Pool>(context_, std::move(settings));
  }
  upgrades_->start(call);
}

// The listener hears of it at the end of the turn.
void Pool::refuse(http::Call& call, const http::CallFailure& failure) {
  call.attach(*this);
  refused_.push_back({&call, failure});
  context_.loop().schedule(*this);
}

bool Pool::start_on_available(http::Call& call, base::Instant since) {
  if (says_for_whom()) return false;
  while (!available_.empty()) {
    Link& link = *available_.back();
    // The server may just have closed it, and a request that is sent into that cannot always be sent again.
    const bool fresh = context_.loop().now() == link.idle_since;
    const bool busy = link.wire->exchanges() > 0;
    const auto lost = [&] { return link.speaks_unasked ? link.connection->peer_gone() : link.connection->stale(); };
    const bool usable = link.wire->takes_calls() && (fresh || busy || !lost());
    if (usable) {
      call.waits = waits_of(since, link.made_in(since));
      link.wire->start(call);
    }
    if (!usable || !link.wire->takes_calls()) {
      link.available = false;
      available_.pop_back();
    }
    if (usable) return true;
    if (!busy) link.connection->discard(net::CloseReason::kPeerClosed);
  }
  return false;
}

// Of a call that has waited since then: what its connection was made in is not time in the queue.
http::Call::Waits Pool::waits_of(base::Instant since, base::Duration made_in) const {
  return {.queue = context_.loop().now() - since - made_in, .connect = made_in};
}

// As long as it is not known whether the server speaks HTTP/2, each call is thought to need a connection of its own.
std::size_t Pool::calls_each() const {
  return multiplexed_ && !says_for_whom() ? std::max<std::size_t>(limits_->streams_max, 1) : 1;
}

std::size_t Pool::openings_needed() const { return (waiting_.size() + calls_each() - 1) / calls_each(); }

void Pool::open_as_needed() {
  // One that says for whom it is has its call already, which waits no more.
  const std::size_t handshaking = says_for_whom() ? 0 : handshaking_;
  while (openings_.size() + handshaking < openings_needed() &&
         links_.size() + openings_.size() < settings_.connections_max) {
    const ConnectorContext with{context_.loop(), context_.resolver(), context_.random()};
    ConnectorListener& listener = *this;
    openings_.push_back(std::make_unique<Connector>(with, listener, settings_.connect_timeout));
    openings_.back()->start(settings_.address);
  }
}

std::unique_ptr<Connector> Pool::take(Connector& opening) {
  const auto found = std::ranges::find(openings_, &opening, &std::unique_ptr<Connector>::get);
  auto taken = std::move(*found);
  openings_.erase(found);
  return taken;
}

void Pool::connected(Connector& opening, os::Fd socket, const base::Endpoint& peer) {
  const base::Instant begun = opening.begun();
  context_.loop().bury(take(opening));
  add_link(std::move(socket), peer, begun);
}

void Pool::connect_failed(Connector& opening, const http::CallFailure& failure) {
  context_.loop().bury(take(opening));
  fail_one(failure);
}

void Pool::add_link(os::Fd socket, const base::Endpoint& peer, base::Instant begun) {
  std::unique_ptr<tls::Engine> engine;
  if (settings_.address.secure()) {
    if (!tls_) {
      return fail_one({http::CallFault::kTlsProtocolError, http::Delivered::kNothing, "TLS cannot be set up"});
    }
    const std::string name(settings_.server_name.empty() ? settings_.address.certificate_name()
                                                         : settings_.server_name);
    const tls::ClientTarget target{.server_name = name, .session = session_ ? &*session_ : nullptr};
    engine = std::make_unique<tls::Engine>(tls_, target, context_.loop());
    session_.reset();
  }
  http::ConnectionInfo info;
  info.peer = peer;
  info.accepted_at = context_.loop().now();
  info.secure = settings_.address.secure();
  auto link = std::make_unique<Link>(*this);
  link->begun = begun;
  if (says_for_whom() && !give_call(*link, socket.number())) return;
  link->connection =
      std::make_unique<net::Connection>(connection_context_, std::move(socket), info, limits_, std::move(engine));
  net::Connection& connection = *link->connection;
  connection.table_index = links_.size();
  links_.push_back(std::move(link));
  ++handshaking_;
  if (!connection.start()) connection.discard(net::CloseReason::kSocketFailed);
}

// Chooses the call that the connection is for, and says so to the server. False when it is for none.
bool Pool::give_call(Link& link, int socket) {
  if (waiting_.empty()) return false;
  const auto [only_call, since] = waiting_.front();
  http::Call& call = *only_call;
  waiting_.pop_front();
  const std::string header = net::proxy_header(settings_.proxy_protocol, call.request.on_behalf_of);
  // There is nothing else yet in the socket's buffer, which holds much more.
  const auto sent = os::send(socket, base::as_bytes(header));
  if (sent.count != header.size()) {
    refuse(call, {http::CallFault::kConnectionTerminated, http::Delivered::kNothing, "the server closed at once"});
    return false;
  }
  link.only_for = &call;
  link.only_for_since = since;
  return true;
}

std::unique_ptr<http::ClientWire> Pool::make_client_wire(net::Connection& connection, Link& link) {
  const tls::Facts* facts = connection.facts();
  multiplexed_ = is_h2c() || (facts && facts->alpn == tls::Alpn::kHttp2);
  link.speaks_unasked = multiplexed_;
  if (multiplexed_) return std::make_unique<http::h2::ClientWire>(context_.time(), link, *limits_, connection);
  switch (settings_.protocol) {
    case Protocol::kHttp:
    case Protocol::kHttp1: return std::make_unique<http::h1::ClientWire>(context_.time(), link, *limits_, connection);
    case Protocol::kFastCgi: break;
  }
  return std::make_unique<http::fcgi::ClientWire>(context_.time(), link, *limits_, connection);
}

std::unique_ptr<http::Wire> Pool::make_wire(net::Connection& connection) {
  Link& link = *links_[connection.table_index];
  auto wire = make_client_wire(connection, link);
  link.wire = wire.get();
  link.made = context_.loop().now();
  --handshaking_;
  make_available(link);
  return wire;
}

// The call that waits is started at the end of the turn: what else stands in the input belongs to nobody.
void Pool::make_available(Link& link) {
  if (link.available || !link.wire->takes_calls()) return;
  if (says_for_whom() && !link.only_for) return;
  link.idle_since = context_.loop().now();
  link.available = true;
  available_.push_back(&link);
  if (!waiting_.empty() || link.only_for) context_.loop().schedule(*this);
}

// Each on the connection that was opened for it, which ends with it.
void Pool::start_given_calls() {
  for (Link* link : std::exchange(available_, {})) {
    link->available = false;
    http::Call& call = *std::exchange(link->only_for, nullptr);
    call.waits = waits_of(link->only_for_since, link->made_in(link->only_for_since));
    link->wire->start(call);
    link->connection->drain();
  }
}

void Pool::handshake_failed(const net::Connection& connection, const base::Error& error) {
  links_[connection.table_index]->failure = failure_of(error);
}

void Pool::closed(net::Connection& connection, net::CloseReason) {
  const std::size_t index = connection.table_index;
  if (auto session = connection.take_session()) session_ = std::move(session);
  auto link = std::move(links_[index]);
  links_[index] = std::move(links_.back());
  if (links_[index]) links_[index]->connection->table_index = index;
  links_.pop_back();
  if (link->available) std::erase(available_, link.get());
  const auto failure =
      link->failure.value_or(http::CallFailure{http::CallFault::kConnectionTerminated, http::Delivered::kNothing,
                                               "the server closed the connection before the handshake was done"});
  if (!link->wire) --handshaking_;
  if (link->only_for) {
    link->only_for->waits = {.queue = {}, .connect = context_.loop().now() - link->only_for_since};
    refuse(*link->only_for, failure);
  } else if (!link->wire && !says_for_whom()) {
    fail_one(failure);
  }
  if (!waiting_.empty()) context_.loop().schedule(*this);
  context_.loop().bury(std::move(link));
}

void Pool::fail_one(const http::CallFailure& failure) {
  failures_.push_back(failure);
  context_.loop().schedule(*this);
}

void Pool::on_turn_end() {
  while (!refused_.empty()) {
    const Refused refused = refused_.back();
    refused_.pop_back();
    refused.call->fail(refused.failure);
  }
  for (const auto& failure : std::exchange(failures_, {})) {
    for (std::size_t left = std::min(calls_each(), waiting_.size()); left > 0 && !waiting_.empty(); --left) {
      const Waiting failed = waiting_.front();
      waiting_.pop_front();
      failed.call->waits = {.queue = {}, .connect = context_.loop().now() - failed.since};
      failed.call->fail(failure);
    }
  }
  if (says_for_whom()) start_given_calls();
  while (!waiting_.empty()) {
    const Waiting next = waiting_.front();
    if (!start_on_available(*next.call, next.since)) break;
    waiting_.pop_front();
  }
  open_as_needed();
  keep_timer();
}

void Pool::cancel(http::Call& call) {
  std::erase_if(waiting_, [&](const Waiting& waiting) { return waiting.call == &call; });
  std::erase_if(refused_, [&](const Refused& refused) { return refused.call == &call; });
  const auto link = std::ranges::find(links_, &call, [](const auto& each) { return each->only_for; });
  if (link == links_.end()) return;
  (*link)->only_for = nullptr;
  (*link)->connection->discard(net::CloseReason::kDiscarded);
}

void Pool::keep_timer() {
  if (!waiting_.empty() && !armed()) context_.loop().arm(*this, waiting_.front().since + settings_.waiting_timeout);
}

void Pool::on_timer() {
  while (!waiting_.empty() && waiting_.front().since + settings_.waiting_timeout <= context_.loop().now()) {
    const Waiting late = waiting_.front();
    waiting_.pop_front();
    late.call->waits = waits_of(late.since, {});
    late.call->fail({http::CallFault::kConnectionLimitReached, http::Delivered::kNothing,
                     "no connection to the server became free in time"});
  }
  keep_timer();
}

}  // namespace gate::client

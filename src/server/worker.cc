#include "server/worker.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "http/chain.h"
#include "http/h1/wire.h"
#include "http/h2/h2_wire.h"
#include "net/early_data.h"
#include "server/codes.h"
#include "tls/engine.h"

namespace gate::server {
namespace {

// The first of a worker's ids. They are unique without a shared counter, and over restarts too: the worker's index
// stands in the top bits, and a count that begins at the second of the start, with room for 16 million a second, behind
// it.
std::uint64_t first_id(std::size_t index, base::WallTime start) {
  constexpr unsigned kIndexShift = 56;
  constexpr unsigned kSecondShift = 24;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(start.time_since_epoch()).count();
  const std::uint64_t second = static_cast<std::uint64_t>(seconds) & 0xffff'ffffU;
  return (std::uint64_t{index} << kIndexShift | second << kSecondShift) + 1;
}

// Handshakes that wait for a certificate: each holds its engine in mid-handshake, some 20 KB.
constexpr std::size_t kWaitingMax = 256;

// RFC 9110 15.5.1. Said to clients that speak HTTP to the TLS port, most often a person who left the "s" out.
constexpr std::string_view kPlainHttpAnswer =
    "HTTP/1.1 400 Bad Request\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n"
    "Content-Length: 74\r\n"
    "Connection: close\r\n"
    "\r\n"
    "This port speaks HTTPS. Put https:// in front of the address, and retry.\r\n";

// RFC 8470 3: "a server MUST NOT process requests in early data" whose repetition does harm. RFC 9110 9.2.1: GET and
// HEAD are safe.
bool bears_replays(const http::Request& request) {
  return (request.method == http::Method::kGet || request.method == http::Method::kHead) && !request.has_body;
}

}  // namespace

base::Result<std::unique_ptr<Worker>> Worker::create(const WorkerContext& context) {
  GATE_TRY_ASSIGN(auto loop, loop::Loop::create(context.system_clock));
  GATE_TRY_ASSIGN(auto resolver, client::Resolver::create(*loop));
  return std::make_unique<Worker>(context, std::move(loop), std::move(resolver));
}

Worker::Worker(const WorkerContext& context, std::unique_ptr<loop::Loop> loop,
               std::unique_ptr<client::Resolver> resolver)
    : loop_(std::move(loop)),
      address_counts_(context.address_counts),
      metrics_(context.metrics),
      system_clock_(context.system_clock),
      recorder_(context.system_clock, context.metrics, context.log),
      connection_context_{*loop_, *buffers_, *this, context.metrics.bytes_received, context.metrics.bytes_sent},
      next_connection_id_(first_id(context.index, context.system_clock.wall())),
      next_exchange_id_(next_connection_id_),
      wire_context_{.blocks = blocks_,
                    .time = time_,
                    .observer = *this,
                    .next_exchange_id = next_exchange_id_,
                    .error_pages = &error_pages_,
                    .scratch = buffers_->scratch},
      client_(*loop_, *buffers_, time_, context.random, std::move(resolver)),
      cache_(context.cache_limit),
      service_environment_{.clock = *loop_,
                           .cache = &cache_,
                           .media_types = &context.media_types,
                           .client = &client_,
                           .loop = loop_.get(),
                           .responses = context.responses,
                           .acme = context.acme},
      sites_(service_environment_),
      arrivals_(*loop_, *buffers_, *this),
      passages_({*loop_, *buffers_, context.metrics.bytes_received, context.metrics.bytes_sent},
                {*loop_, client_.resolver(), client_.random()}, *this),
      quic_({.loop = *loop_,
             .buffers = *buffers_,
             .metrics = context.metrics,
             .wires = wire_context_,
             .dispatcher = *this,
             .recorder = recorder_,
             .address_counts = context.address_counts,
             .next_connection_id = next_connection_id_,
             .random = context.random,
             .router = context.router,
             .keys = context.quic_keys,
             .home = {.generation = context.generation, .worker = static_cast<std::uint8_t>(context.index)}},
            [this] { announce_drained_if_empty(); }) {
  if (context.names != nullptr) on_demand_ = std::make_shared<tls::OnDemandTable>(*context.names, *loop_);
  loop_->observe_turns(this);
  on_turn_start();
}

Worker::~Worker() {
  discard_connections();
  loop_->observe_turns(nullptr);
}

void Worker::on_turn_start() {
  time_.now = loop_->now();
  time_.wall = loop_->wall();
  const auto second = std::chrono::floor<std::chrono::seconds>(time_.wall);
  if (second == date_second_) return;
  date_second_ = second;
  http::format_http_date(second, date_);
  time_.http_date = {date_.data(), date_.size()};
}

void Worker::adopt(std::shared_ptr<const Plan> plan, std::shared_ptr<tls::ServerContext> tls) {
  for (auto& site : sites_.adopt(*plan)) retire(std::move(site));
  if (!clear_text_ || clear_text_->plan->fingerprint != plan->clear_text->fingerprint) {
    if (clear_text_) retire(std::move(clear_text_));
    clear_text_ = build_site(plan->clear_text, service_environment_);
  }
  recorder_.log_unclaimed_to(plan->clear_text->access_log);
  plan_ = std::move(plan);
  tls_ = std::move(tls);
  tls_->use_challenges(*challenges_);
  tls_->use_staples(*staples_);
  if (on_demand_) tls_->use_on_demand(on_demand_);
  quic_.adopt(plan_, tls_);
  drain_changed_clients();
}

void Worker::use_challenges(std::shared_ptr<const tls::Challenges> challenges) {
  challenges_ = std::move(challenges);
  tls_->use_challenges(*challenges_);
}

void Worker::use_staples(std::shared_ptr<const tls::Staples> staples) {
  staples_ = std::move(staples);
  tls_->use_staples(*staples_);
}

void Worker::serve_name(const std::string& name, const cert::Credential& credential) {
  on_demand_->serve(name, credential);
  wake_waiting(name);
}

void Worker::note_name(const std::string& name, tls::NameStanding standing, base::Instant until) {
  on_demand_->note(name, standing, until);
  wake_waiting(name);
}

bool Worker::await_certificate(net::Connection& connection) {
  std::size_t waiting = 0;
  waiting_.for_each([&waiting](net::Connection&) { ++waiting; });
  if (waiting >= kWaitingMax) return false;
  waiting_.push_back(connection);
  return true;
}

// They go on in the measure of all handshakes.
void Worker::wake_waiting(std::string_view name) {
  waiting_.for_each([&](net::Connection& connection) {
    std::string_view asked = connection.facts()->server_name;
    if (asked.ends_with('.')) asked.remove_suffix(1);
    if (asked != name) return;
    base::ListNode<net::HandshakeQueue>& node = connection;
    node.unlink();
    queue_handshake(connection);
  });
}

// What is demanded of clients may have changed, or of the site they are at. They go on with what is in flight, and then
// have to prove themselves anew.
void Worker::drain_changed_clients() {
  const auto is_let_in = [this](const http::ConnectionInfo& info) {
    return !info.tls || tls_->may_carry(*info.tls, info.tls->server_name, info.local.address);
  };
  // Draining may close a connection at once, which takes it out of the list.
  for (std::size_t i = connections_.size(); i-- > 0;) {
    if (i < connections_.size() && !is_let_in(connections_[i]->info())) connections_[i]->drain();
  }
  quic_.drain_those([&](const net::QuicConnection& connection) { return !is_let_in(connection.info()); });
}

// A site that is no longer configured lives on until its last exchange has ended.
void Worker::retire(std::unique_ptr<Site> site) {
  site->retired = true;
  if (site->exchanges > 0) {
    retired_sites_.push_back(std::move(site));
  } else {
    loop_->bury(std::move(site));
  }
}

base::Result<> Worker::listen(ListenerSocket socket) {
  if (socket.role == ListenerRole::kQuic) return quic_.listen(std::move(socket.socket));
  ListenerOwner& owner = *this;
  auto listener = std::make_unique<Listener>(*loop_, owner, std::move(socket));
  GATE_TRY(listener->start());
  listeners_.push_back(std::move(listener));
  return {};
}

void Worker::stop_listening(const ListenerAddress& address) {
  if (address.role == ListenerRole::kQuic) return quic_.stop_listening(address.endpoint);
  const auto gone = std::stable_partition(listeners_.begin(), listeners_.end(), [&](const auto& listener) {
    return listener->address() != address.endpoint;
  });
  for (auto listener = gone; listener != listeners_.end(); ++listener) {
    (*listener)->finish();
    loop_->bury(std::move(*listener));
  }
  listeners_.erase(gone, listeners_.end());
}

void Worker::drain(bool hand_over, loop::Task drained) {
  for (auto& listener : listeners_) {
    if (!hand_over) listener->finish();
    loop_->bury(std::move(listener));
  }
  listeners_.clear();
  drained_ = std::move(drained);
  draining_ = true;
  // Those in the middle of a handshake may ask for one thing, soon.
  farewell_limits_ = *plan_->limits;
  farewell_limits_.requests_per_connection_max = 1;
  farewell_limits_.idle_timeout = farewell_limits_.linger_timeout;
  // Draining may close a connection at once, which takes it out of the list.
  for (std::size_t i = connections_.size(); i-- > 0;) {
    if (i < connections_.size()) connections_[i]->drain();
  }
  quic_.drain(hand_over);
  announce_drained_if_empty();
}

void Worker::discard_connections() {
  quic_.discard_connections();
  arrivals_.discard([this](const http::ConnectionInfo& info) { count_out(info, net::CloseReason::kDiscarded); });
  passages_.discard();
  while (!connections_.empty()) connections_.back()->discard(net::CloseReason::kDiscarded);
}

void Worker::announce_drained_if_empty() {
  if (draining_ && connection_count() == 0 && drained_) std::exchange(drained_, nullptr)();
}

bool Worker::may_accept() const { return connection_count() < plan_->server_limits.connections_max; }

http::ConnectionInfo Worker::describe(const os::Accepted& accepted, const Listener& listener) {
  http::ConnectionInfo info{.id = next_connection_id_++,
                            .peer = accepted.peer,
                            .local = listener.address(),
                            .accepted_at = loop_->now(),
                            .secure = listener.role() == ListenerRole::kTls};
  // A socket bound to "any address" has to ask which one this connection came to.
  if (info.local.address.is_unspecified()) {
    if (const auto local = os::local_endpoint(accepted.socket.number())) info.local = *local;
  }
  return info;
}

void Worker::accepted(os::Accepted accepted, const Listener& listener) {
  const http::ConnectionInfo info = describe(accepted, listener);
  const auto& addresses = plan_->proxy_protocol;
  const auto proxied = std::ranges::find(addresses, listener.address(), &ProxyProtocolAddress::endpoint);
  if (proxied == addresses.end()) return named(std::move(accepted.socket), info);
  const auto covers_peer = [&info](const base::Cidr& block) { return block.contains(info.peer.address); };
  if (std::ranges::none_of(proxied->proxies, covers_peer)) {
    recorder_.connection_refused(info.peer, kNotAProxy, "only the proxies of proxy-protocol may connect here");
    return;
  }
  const base::Instant deadline = info.accepted_at + plan_->limits->handshake_timeout;
  if (!arrivals_.add(std::move(accepted.socket), info, net::Awaited::kProxyHeader, deadline)) {
    recorder_.connection_refused(info.peer, kTooManyConnections, "the system watches no more sockets");
  }
}

void Worker::turned_away(const http::ConnectionInfo& info, base::ErrorCode code, std::string_view text) {
  recorder_.connection_refused(info.peer, code, text);
  announce_drained_if_empty();
}

// It is known whose connection it is.
void Worker::named(os::Fd socket, const http::ConnectionInfo& info) {
  if (!address_counts_.add(info.peer.address, plan_->server_limits.connections_per_address_max)) {
    recorder_.connection_refused(info.peer, kTooManyFromAddress, "one address holds too many connections");
    announce_drained_if_empty();
    return;
  }
  recorder_.connection_accepted();
  if (!info.secure || plan_->passes.empty()) return serve(std::move(socket), info);
  const base::Instant deadline = info.accepted_at + plan_->limits->handshake_timeout;
  if (!arrivals_.add(std::move(socket), info, net::Awaited::kClientHello, deadline)) {
    count_out(info, net::CloseReason::kSocketFailed);
  }
}

// It is known where the connection is to go.
void Worker::greeted(os::Fd socket, const http::ConnectionInfo& info, const tls::ClientHello* hello) {
  const auto* pass = hello ? plan_->passes.find(*hello) : nullptr;
  if (!pass) return serve(std::move(socket), info);
  recorder_.pass_begun();
  passages_.add(std::move(socket), info, *pass);
}

void Worker::serve(os::Fd socket, const http::ConnectionInfo& info) {
  auto engine = info.secure ? std::make_unique<tls::Engine>(tls_, info.local.address, *loop_) : nullptr;
  auto connection =
      std::make_unique<net::Connection>(connection_context_, std::move(socket), info, plan_->limits, std::move(engine));
  net::Connection& started = *connection;
  started.table_index = connections_.size();
  connections_.push_back(std::move(connection));
  if (!started.start()) started.discard(net::CloseReason::kSocketFailed);
}

void Worker::passage_ended(const http::ConnectionInfo& info, net::CloseReason reason) {
  recorder_.pass_ended();
  count_out(info, reason);
}

void Worker::count_out(const http::ConnectionInfo& info, net::CloseReason reason) {
  recorder_.connection_closed(reason);
  address_counts_.subtract(info.peer.address);
  announce_drained_if_empty();
}

std::unique_ptr<http::Wire> Worker::make_wire(net::Connection& connection) {
  const tls::Facts* facts = connection.facts();
  const http::Limits& limits = draining_ ? farewell_limits_ : connection.limits();
  http::Dispatcher& dispatcher = *this;
  if (facts && facts->alpn == tls::Alpn::kAcmeTls) return nullptr;  // RFC 8737 4: it "does not carry application data"
  if (facts && facts->alpn == tls::Alpn::kHttp2) {
    return std::make_unique<http::h2::H2Wire>(wire_context_, dispatcher, connection.info(), limits, connection);
  }
  return std::make_unique<http::h1::Wire>(wire_context_, dispatcher, connection.info(), limits, connection);
}

void Worker::queue_handshake(net::Connection& connection) {
  base::ListNode<net::HandshakeQueue>& node = connection;
  if (node.linked()) return;
  handshakes_.push_back(connection);
  loop_->schedule(*this);
}

// Handshakes cost a hundred times what a request costs. Each turn does a few, so that a flood of them delays new
// clients and not those who are in.
void Worker::on_turn_end() {
  for (std::uint32_t done = 0; done < plan_->server_limits.handshakes_per_turn_max && !handshakes_.empty(); ++done) {
    handshakes_.pop_front().run_handshake();
  }
  if (!handshakes_.empty()) loop_->schedule(*this);
}

void Worker::handshake_done(const net::Connection& connection) { recorder_.handshake_done(*connection.facts()); }

void Worker::handshake_failed(const net::Connection& connection, const base::Error& error) {
  recorder_.handshake_failed(connection.info(), connection.facts(), error);
}

std::string_view Worker::plain_http_answer() const { return kPlainHttpAnswer; }

void Worker::closed(net::Connection& connection, net::CloseReason reason) {
  const std::size_t index = connection.table_index;
  GATE_CHECK(index < connections_.size() && connections_[index].get() == &connection);
  std::swap(connections_[index], connections_.back());
  connections_[index]->table_index = index;
  loop_->bury(std::move(connections_.back()));
  connections_.pop_back();
  count_out(connection.info(), reason);  // it lives until the turn ends
}

// RFC 9110 7.4: a request may only come over a connection that was opened for its target. HTTP/2 clients reuse one for
// every name its certificate covers, which is fine as long as both sites ask the same of TLS and of clients.
Site* Worker::site_for(const http::Exchange& exchange) const {
  Site* site = sites_.find(exchange.request.host);
  if (site && !site->plan->http3 && exchange.request.version == http::Version::kHttp3) return nullptr;
  const tls::Facts* facts = exchange.connection().tls;
  if (!site || !facts) return site;
  const auto opened_for = tls_->site_for(facts->server_name, exchange.connection().local.address);
  const bool same_demands = opened_for && plan_->sites[*opened_for]->tls_scope == site->plan->tls_scope;
  if (!same_demands) return nullptr;
  const auto& local = exchange.connection().local.address;
  return tls_->may_carry(*facts, exchange.request.host, local) ? site : nullptr;
}

// The loop's time stands still within a turn, so what a service costs is measured with the system's clock.
void Worker::dispatch(http::Exchange& exchange) {
  exchange.timeline.head_complete = system_clock_.now();
  answer(exchange);
  if (exchange.responded()) exchange.timeline.response_ready = system_clock_.now();
}

void Worker::answer(http::Exchange& exchange) {
  Site* site = site_for(exchange);
  exchange.error_pages = site && site->plan->error_pages ? site->plan->error_pages.get() : plan_->error_pages.get();
  if (site) exchange.site = site->plan->name;
  if (!http::find_client(plan_->trusted_proxies, exchange)) return;
  if (!exchange.connection().secure && !(site && site->plan->clear_allowed)) site = clear_text_.get();
  if (!site) {
    exchange.refuse({.status = 421, .code = kMisdirected, .reason = "no site here has this name"});
    return;
  }
  if (net::brings_early_data(exchange.connection()) && !(site->plan->early_data && bears_replays(exchange.request))) {
    exchange.refuse({.status = 425, .code = kTooEarly, .reason = "a request in early data may be a replay"});
    return;
  }
  exchange.handler_mark = site;
  ++site->exchanges;
  if (site->service->handle(exchange) == http::Flow::kTaken) return;
  http::refuse_unanswered(exchange);
}

void Worker::finished(const http::Exchange& exchange) {
  auto* site = static_cast<Site*>(exchange.handler_mark);
  recorder_.request(exchange, site ? site->plan.get() : nullptr);
  if (!site) return;
  --site->exchanges;
  if (!site->retired || site->exchanges > 0) return;
  const auto found =
      std::find_if(retired_sites_.begin(), retired_sites_.end(), [&](const auto& each) { return each.get() == site; });
  GATE_CHECK(found != retired_sites_.end());
  loop_->bury(std::move(*found));  // the body, which still uses the site's services, dies before the turn ends
  retired_sites_.erase(found);
}

}  // namespace gate::server

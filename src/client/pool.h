#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cert/credential.h"
#include "cert/verify.h"
#include "client/connector.h"
#include "client/server_address.h"
#include "http/call.h"
#include "http/client_wire.h"
#include "http/limits.h"
#include "loop/loop.h"
#include "net/connection.h"
#include "net/proxy_header.h"
#include "tls/client.h"

namespace gate::client {

class Context;

// What is spoken on a connection.
enum class Protocol : std::uint8_t {
  kHttp,   // HTTP/2 where the server's address says so or the server chooses it, else HTTP/1.1
  kHttp1,  // HTTP/1.1 even to a server that would choose HTTP/2
  kFastCgi,
};

// How connections to one server are made and kept. Bounds are a worker's.
struct PoolSettings {
  ServerAddress address;
  Protocol protocol = Protocol::kHttp;
  std::shared_ptr<const cert::Roots> roots{};            // who may vouch for the server; null: nobody needs to
  std::shared_ptr<const cert::Credential> credential{};  // what to prove our own name with; null: nothing
  std::string server_name{};  // SNI and what the certificate must cover; empty: the address' host
  // Says ahead of each connection for whom it is. It then carries a single call: no other may be another client's.
  net::ProxyProtocol proxy_protocol = net::ProxyProtocol::kNone;
  http::Limits limits;  // see http::ClientWire
  std::chrono::milliseconds connect_timeout{5'000};
  std::uint32_t connections_max = 1024;  // open and on their way
  std::uint32_t waiting_max = 1024;  // calls that wait for a connection: a queue that grows without end helps nobody
  std::chrono::milliseconds waiting_timeout{10'000};
};

// The connections of one worker to one server. A call goes to the connection that was used last, so that those too
// many come to their idle end; where none is free, one is opened, and the call waits for whichever is first. Over
// HTTP/2 a connection is free as long as the server lets it carry one call more.
class Pool final : private net::ConnectionOwner,
                   private ConnectorListener,
                   private http::CallDriver,
                   private loop::TurnEnd,
                   private loop::Timer {
 public:
  // `context` outlives the pool.
  Pool(Context& context, PoolSettings settings);
  ~Pool() override;
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // Sends the call's request; its listener hears of the outcome, never from within this. The call outlives that, or is
  // cancelled.
  void start(http::Call& call);

 private:
  class Link;
  struct Waiting {
    http::Call* call;
    base::Instant since;
  };
  struct Refused {
    http::Call* call;
    http::CallFailure failure;
  };

  std::unique_ptr<http::ClientWire> make_client_wire(net::Connection& connection, Link& link);

  // net::ConnectionOwner
  std::unique_ptr<http::Wire> make_wire(net::Connection& connection) override;
  void queue_handshake(net::Connection& connection) override { connection.run_handshake(); }
  void handshake_done(const net::Connection&) override {}
  void handshake_failed(const net::Connection& connection, const base::Error& error) override;
  std::string_view plain_http_answer() const override { return {}; }
  void closed(net::Connection& connection, net::CloseReason reason) override;

  // ConnectorListener
  void connected(Connector& opening, os::Fd socket, const base::Endpoint& peer) override;
  void connect_failed(Connector& opening, const http::CallFailure& failure) override;

  // http::CallDriver, of the calls that wait
  void body_has_room(http::Call&) override {}
  void cancel(http::Call& call) override;

  void on_turn_end() override;
  void on_timer() override;

  bool says_for_whom() const { return settings_.proxy_protocol != net::ProxyProtocol::kNone; }
  bool is_h2c() const { return settings_.address.scheme == Scheme::kH2c; }
  bool asks_for_upgrade(const http::Call& call) const;
  void start_upgrade(http::Call& call);
  void refuse(http::Call& call, const http::CallFailure& failure);
  bool start_on_available(http::Call& call, base::Instant since);
  http::Call::Waits waits_of(base::Instant since, base::Duration made_in) const;
  std::size_t calls_each() const;
  std::size_t openings_needed() const;
  void open_as_needed();
  std::unique_ptr<Connector> take(Connector& opening);
  void add_link(os::Fd socket, const base::Endpoint& peer, base::Instant begun);
  bool give_call(Link& link, int socket);
  void start_given_calls();
  void make_available(Link& link);
  void fail_one(const http::CallFailure& failure);
  void keep_timer();

  Context& context_;
  const PoolSettings settings_;
  const std::shared_ptr<const http::Limits> limits_;
  std::shared_ptr<const tls::ClientContext> tls_;
  std::optional<tls::Session> session_;  // the newest, used once
  net::ConnectionContext connection_context_;
  std::vector<std::unique_ptr<Link>> links_;
  std::vector<Link*> available_;  // the one used last is the last
  std::vector<std::unique_ptr<Connector>> openings_;
  std::size_t handshaking_ = 0;  // of the links, those without a wire yet
  bool multiplexed_;             // a connection carries many calls at once, as far as is known
  std::deque<Waiting> waiting_;
  std::vector<Refused> refused_;             // to be told at the end of the turn
  std::vector<http::CallFailure> failures_;  // of connections not to be had; each ends the calls it would have carried
  std::unique_ptr<Pool> upgrades_;           // for calls that HTTP/2 cannot carry, once there was one
};

}  // namespace gate::client

#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/clock.h"
#include "base/intrusive_list.h"
#include "client/context.h"
#include "http/cache_budget.h"
#include "http/date.h"
#include "http/error_pages.h"
#include "http/media_type.h"
#include "http/wire.h"
#include "loop/loop.h"
#include "net/connection.h"
#include "net/turn_buffers.h"
#include "observe/log_producer.h"
#include "observe/worker_metrics.h"
#include "server/address_counts.h"
#include "server/arrivals.h"
#include "server/listener.h"
#include "server/passages.h"
#include "server/plan.h"
#include "server/quic_front.h"
#include "server/site_table.h"
#include "server/traffic_recorder.h"
#include "tls/on_demand_table.h"
#include "tls/server_context.h"

namespace gate::server {

// What a worker is given by the composition root. Everything outlives it.
struct WorkerContext {
  std::size_t index = 0;  // makes the ids of its connections and requests unique in the process
  const base::Clock& system_clock;
  AddressCounts& address_counts;
  observe::WorkerMetrics& metrics;
  observe::LogProducer& log;
  const http::MediaTypes& media_types;
  http::CacheCost cache_limit = http::CacheBudget::kDefaultLimit;
  cache::Store* responses = nullptr;     // null: no site has a cache
  acme_server::Counter* acme = nullptr;  // null: no site is an ACME server
  base::Random& random;
  quic::ServerKeys quic_keys{};
  std::uint8_t generation = 0;       // of the process
  DatagramRouter* router = nullptr;  // null: there are no other workers
  tls::NameAsker* names = nullptr;   // null: no site has names on demand
};

// One core's share of the server: its loop, listeners, connections, sites and buffers. Nothing of it is touched by
// another thread; the control thread speaks to it by post(). Runs on the thread that calls run().
class Worker final : private net::ConnectionOwner,
                     private ListenerOwner,
                     private ArrivalsOwner,
                     private PassagesOwner,
                     private http::Dispatcher,
                     private http::WireObserver,
                     private loop::TurnEnd,
                     private loop::TurnObserver {
 public:
  static base::Result<std::unique_ptr<Worker>> create(const WorkerContext& context);
  Worker(const WorkerContext& context, std::unique_ptr<loop::Loop> loop, std::unique_ptr<client::Resolver> resolver);
  ~Worker() override;

  // Until stop().
  void run() { loop_->run(); }

  // From any thread: runs `task` on the worker's.
  void post(loop::Task task) { loop_->post(std::move(task)); }
  void stop() { loop_->stop(); }

  // On the worker's thread, or before it runs:

  // From the next request and the next handshake on, things go by `plan`. What is in flight ends as it began.
  void adopt(std::shared_ptr<const Plan> plan, std::shared_ptr<tls::ServerContext> tls);
  void use_ticket_keys(const tls::TicketKeys& keys) { tls_->use_ticket_keys(keys); }
  void use_ech_keys(const tls::EchKeys& keys) { tls_->use_ech_keys(keys); }
  // Names that are being proved to certificate authorities, from the next handshake on and until other ones are given.
  void use_challenges(std::shared_ptr<const tls::Challenges> challenges);
  // What is shown with the certificates, from the next handshake on and until other ones are given.
  void use_staples(std::shared_ptr<const tls::Staples> staples);

  // What became of names that handshakes have asked for, see tls::OnDemandTable. Those who wait for one go on.
  void serve_name(const std::string& name, const cert::Credential& credential);
  void note_name(const std::string& name, tls::NameStanding standing, base::Instant until);
  tls::OnDemandTable& on_demand() { return *on_demand_; }

  [[nodiscard]] base::Result<> listen(ListenerSocket socket);
  // A datagram that another worker or process has received for a connection of this one.
  void receive_passed_on(const os::DatagramTrain& datagram) { quic_.receive_passed_on(datagram); }
  // Stops listening on an address, when those who wait there have been taken.
  void stop_listening(const ListenerAddress& address);

  // Takes no new connections and finishes those there are; `drained` is called when the last has ended. With
  // `hand_over` the listening sockets live on in another process, and those who wait are left to it.
  void drain(bool hand_over, loop::Task drained);
  // Ends what is left, now.
  void discard_connections();

  // What is known of other servers.
  client::Context& client() { return client_; }

  // What came to no good answer lately.
  const RecentRequests& recent() const { return recorder_.recent(); }

  // From any thread, for the metrics.
  const client::ServerRecords& servers() const { return client_.records(); }

  // From any thread, for the stall detector and `status`.
  const loop::Loop& loop() const { return *loop_; }

 private:
  // net::ConnectionOwner
  std::unique_ptr<http::Wire> make_wire(net::Connection& connection) override;
  void queue_handshake(net::Connection& connection) override;
  bool await_certificate(net::Connection& connection) override;
  void handshake_done(const net::Connection& connection) override;
  void handshake_failed(const net::Connection& connection, const base::Error& error) override;
  std::string_view plain_http_answer() const override;
  void closed(net::Connection& connection, net::CloseReason reason) override;

  // ListenerOwner
  void accepted(os::Accepted connection, const Listener& listener) override;
  bool may_accept() const override;
  void accepting_paused(const Listener& listener) override { recorder_.accepting_paused(listener.address()); }

  // ArrivalsOwner
  void named(os::Fd socket, const http::ConnectionInfo& info) override;
  void turned_away(const http::ConnectionInfo& info, base::ErrorCode code, std::string_view text) override;
  void greeted(os::Fd socket, const http::ConnectionInfo& info, const tls::ClientHello* hello) override;

  // PassagesOwner
  void passage_ended(const http::ConnectionInfo& info, net::CloseReason reason) override;
  void passage_failed(const http::ConnectionInfo& info, const PassPlan& plan, std::string_view why) override {
    recorder_.pass_failed(info, plan.names.front(), why);
  }

  // http::Dispatcher
  void dispatch(http::Exchange& exchange) override;

  // http::WireObserver
  void finished(const http::Exchange& exchange) override;
  void violation(const http::ConnectionInfo& connection, const http::WireEvent& event) override {
    recorder_.violation(connection, event);
  }

  // loop::TurnEnd: the handshakes of this turn
  void on_turn_end() override;

  // loop::TurnObserver
  void on_turn_start() override;
  void on_stall(base::Duration duration) override { metrics_.note_stall(duration); }

  void wake_waiting(std::string_view name);
  Site* site_for(const http::Exchange& exchange) const;
  void answer(http::Exchange& exchange);
  void retire(std::unique_ptr<Site> site);
  void drain_changed_clients();
  http::ConnectionInfo describe(const os::Accepted& accepted, const Listener& listener);
  void serve(os::Fd socket, const http::ConnectionInfo& info);
  void count_out(const http::ConnectionInfo& info, net::CloseReason reason);
  std::size_t connection_count() const {
    return connections_.size() + arrivals_.size() + passages_.size() + quic_.connections();
  }
  void announce_drained_if_empty();

  std::unique_ptr<loop::Loop> loop_;
  AddressCounts& address_counts_;
  observe::WorkerMetrics& metrics_;
  const base::Clock& system_clock_;
  TrafficRecorder recorder_;
  base::BlockPool blocks_;
  std::unique_ptr<net::TurnBuffers> buffers_ = std::make_unique_for_overwrite<net::TurnBuffers>();
  net::ConnectionContext connection_context_;
  std::array<char, http::kHttpDateBytes> date_{};
  http::TurnTime time_;
  std::chrono::sys_seconds date_second_{};
  std::uint64_t next_connection_id_;
  std::uint64_t next_exchange_id_;
  const http::DefaultErrorPages error_pages_;
  http::WireContext wire_context_;

  client::Context client_;
  http::CacheBudget cache_;
  http::ServiceEnvironment service_environment_;
  std::shared_ptr<const Plan> plan_;
  std::shared_ptr<tls::ServerContext> tls_;
  std::shared_ptr<const tls::Challenges> challenges_ = std::make_shared<const tls::Challenges>();
  std::shared_ptr<const tls::Staples> staples_ = std::make_shared<const tls::Staples>();
  std::shared_ptr<tls::OnDemandTable> on_demand_;  // null: no site has names on demand
  SiteTable sites_;
  std::vector<std::unique_ptr<Site>> retired_sites_;
  std::unique_ptr<Site> clear_text_;

  std::vector<std::unique_ptr<Listener>> listeners_;
  Arrivals arrivals_;
  Passages passages_;
  std::vector<std::unique_ptr<net::Connection>> connections_;
  base::IntrusiveList<net::Connection, net::HandshakeQueue> handshakes_;
  base::IntrusiveList<net::Connection, net::HandshakeQueue> waiting_;  // for a certificate
  loop::Task drained_;
  QuicFront quic_;
  http::Limits farewell_limits_;  // of connections that open while the worker drains
  bool draining_ = false;
};

}  // namespace gate::server

#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "http/wire.h"
#include "net/quic_endpoint.h"
#include "server/address_counts.h"
#include "server/datagram_router.h"
#include "server/plan.h"
#include "server/qlog_sink.h"
#include "server/traffic_recorder.h"
#include "tls/server_context.h"

namespace gate::server {

// What a worker gives to its QUIC; outlives it.
struct QuicFrontContext {
  loop::Loop& loop;
  net::TurnBuffers& buffers;
  observe::WorkerMetrics& metrics;
  http::WireContext& wires;
  http::Dispatcher& dispatcher;
  TrafficRecorder& recorder;
  AddressCounts& address_counts;
  std::uint64_t& next_connection_id;
  base::Random& random;
  DatagramRouter* router = nullptr;  // null: there is nowhere else
  quic::ServerKeys keys{};
  quic::ConnectionHome home{};
};

// HTTP/3 at a worker: admits and describes QUIC connections, gives them their HTTP, and tells what becomes of them.
class QuicFront final : private net::QuicOwner {
 public:
  // `emptied` is called when the last connection has ended.
  QuicFront(const QuicFrontContext& context, std::function<void()> emptied);

  void adopt(std::shared_ptr<const Plan> plan, std::shared_ptr<const tls::ServerContext> tls);
  [[nodiscard]] base::Result<> listen(os::Fd socket);
  void stop_listening(const base::Endpoint& address) { endpoint_.stop_listening(address); }
  void receive_passed_on(const os::DatagramTrain& datagram) { endpoint_.receive_passed_on(datagram); }

  // With `hand_over` another process receives from now on.
  void drain(bool hand_over);
  void drain_those(const std::function<bool(const net::QuicConnection&)>& which) { endpoint_.drain_those(which); }
  void discard_connections() { endpoint_.discard_all(); }
  std::size_t connections() const { return endpoint_.size(); }

 private:
  // net::QuicOwner
  bool admit(const base::Endpoint& peer) override;
  http::ConnectionInfo describe(const quic::Path& path) override;
  std::shared_ptr<const tls::ServerContext> tls_context() override { return tls_; }
  std::unique_ptr<http::h3::H3Wire> make_http3(net::QuicConnection& connection) override;
  void handshake_done(const net::QuicConnection& connection) override;
  void handshake_failed(const net::QuicConnection& connection, const base::Error& error) override;
  void closed(const net::QuicConnection& connection, net::CloseReason reason) override;
  bool pass_on(const quic::ConnectionHome& home, const os::DatagramTrain& datagram) override;
  void qlog(const net::QuicConnection& connection, base::ByteView bytes, bool last) override;

  QuicFrontContext context_;
  std::function<void()> emptied_;
  std::shared_ptr<const Plan> plan_;
  std::shared_ptr<const tls::ServerContext> tls_;
  QlogSink qlog_;
  net::QuicEndpoint endpoint_;
};

}  // namespace gate::server

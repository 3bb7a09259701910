#include "net/arrival.h"

#include <span>
#include <utility>

#include "net/codes.h"
#include "net/proxy_header.h"
#include "os/socket.h"
#include "tls/hello_look.h"

namespace gate::net {

Arrival::Arrival(const ArrivalContext& context, os::Fd socket, const http::ConnectionInfo& info, Awaited awaited,
                 base::Instant deadline)
    : context_(context), socket_(std::move(socket)), info_(info), awaited_(awaited), deadline_(deadline) {}

Arrival::~Arrival() {
  if (socket_.valid()) context_.loop.unwatch(socket_.number());
}

bool Arrival::start() {
  if (!context_.loop.watch(socket_.number(), *this, loop::Loop::Mode::kEdges)) return false;
  context_.loop.arm(*this, deadline_);
  return true;
}

// Each piece that comes makes an edge, though those before it have not been taken.
void Arrival::on_ready(loop::Readiness readiness) {
  if (!socket_.valid()) return;
  const auto seen = os::peek(socket_.number(), context_.buffers.received);
  if (seen.state == os::IoState::kWouldBlock) return;
  const bool ended = readiness.ended || seen.state != os::IoState::kDone;
  const auto bytes = std::span(context_.buffers.received).first(seen.count);
  switch (awaited_) {
    case Awaited::kProxyHeader: return look_for_header(bytes, ended);
    case Awaited::kClientHello: return look_for_hello(bytes, ended);
  }
}

void Arrival::look_for_header(base::ByteView bytes, bool ended) {
  const ProxyHeader header = parse_proxy_header(bytes);
  switch (header.state) {
    case ProxyHeader::State::kMalformed: return turn_away(kBadProxyHeader, header.fault);
    case ProxyHeader::State::kIncomplete:
      if (ended) turn_away(kProxyHeaderTimeout, "the proxy went away before its header was whole");
      return;
    case ProxyHeader::State::kWhole: break;
  }
  if (header.client) info_.peer = *header.client;
  take_header(header.bytes);
}

// Where there is no more room, or no more to come, whoever serves the connection says what is wrong with it.
void Arrival::look_for_hello(base::ByteView bytes, bool ended) {
  static_assert(TurnBuffers::kPlainBytes >= tls::kHelloBytesMax);
  const auto room = std::span(context_.buffers.plain).first<tls::kHelloBytesMax>();
  const tls::HelloLook look = tls::look_for_client_hello(bytes, room);
  switch (look.state) {
    case tls::HelloLook::State::kWhole: return arrive(&look.hello);
    case tls::HelloLook::State::kNone: return arrive(nullptr);
    case tls::HelloLook::State::kIncomplete: break;
  }
  if (ended || bytes.size() == context_.buffers.received.size()) arrive(nullptr);
}

void Arrival::on_timer() {
  if (!socket_.valid()) return;
  if (awaited_ == Awaited::kClientHello) return arrive(nullptr);
  turn_away(kProxyHeaderTimeout, "the proxy's header did not come in time");
}

// The same bytes were there to be looked at, so they are there to be read.
void Arrival::take_header(std::size_t bytes) {
  const auto taken = os::receive(socket_.number(), std::span(context_.buffers.received).first(bytes));
  if (taken.count != bytes) return turn_away(kProxyHeaderTimeout, "the connection broke");
  arrive(nullptr);
}

void Arrival::arrive(const tls::ClientHello* hello) {
  context_.loop.unwatch(socket_.number());
  context_.owner.arrived(*this, hello);
}

void Arrival::turn_away(base::ErrorCode code, std::string_view text) {
  context_.loop.unwatch(socket_.number());
  socket_.close();
  context_.owner.turned_away(*this, code, text);
}

}  // namespace gate::net

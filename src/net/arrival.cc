#include "net/arrival.h"

#include <span>
#include <utility>

#include "net/codes.h"
#include "net/proxy_header.h"
#include "os/socket.h"

namespace gate::net {

Arrival::Arrival(const ArrivalContext& context, os::Fd socket, const http::ConnectionInfo& info, base::Instant deadline)
    : context_(context), socket_(std::move(socket)), info_(info), deadline_(deadline) {}

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
  const auto room = std::span(context_.buffers.received).first(kProxyHeaderBytesMax);
  const auto seen = os::peek(socket_.number(), room);
  if (seen.state == os::IoState::kWouldBlock) return;
  if (seen.state != os::IoState::kDone) return turn_away(kProxyHeaderTimeout, "the proxy said nothing and went away");
  const auto bytes = room.first(seen.count);
  const ProxyHeader header = parse_proxy_header(bytes);
  switch (header.state) {
    case ProxyHeader::State::kMalformed: return turn_away(kBadProxyHeader, header.fault);
    case ProxyHeader::State::kIncomplete:
      if (readiness.ended) turn_away(kProxyHeaderTimeout, "the proxy went away within its header");
      return;
    case ProxyHeader::State::kWhole: break;
  }
  if (header.client) info_.peer = *header.client;
  arrive(bytes.first(header.bytes));
}

void Arrival::on_timer() {
  if (socket_.valid()) turn_away(kProxyHeaderTimeout, "the proxy's header did not come in time");
}

// Takes the header away. The same bytes were there to be looked at, so they are there to be read.
void Arrival::arrive(base::ByteView header) {
  const auto taken = os::receive(socket_.number(), std::span(context_.buffers.received).first(header.size()));
  if (taken.count != header.size()) return turn_away(kProxyHeaderTimeout, "the connection broke");
  context_.loop.unwatch(socket_.number());
  context_.owner.arrived(*this);
}

void Arrival::turn_away(base::ErrorCode code, std::string_view text) {
  context_.loop.unwatch(socket_.number());
  socket_.close();
  context_.owner.turned_away(*this, code, text);
}

}  // namespace gate::net

#include "alert/mail_delivery.h"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <span>
#include <utility>

#include "alert/codes.h"
#include "client/server_address.h"
#include "os/socket.h"
#include "tls/client.h"

namespace gate::alert {

MailDelivery::MailDelivery(client::Context& context, std::shared_ptr<const cert::Roots> roots)
    : context_(context), roots_(std::move(roots)) {}

MailDelivery::~MailDelivery() { close(); }

void MailDelivery::start(MailRoute route, std::string host, std::string text, Done done) {
  route_ = std::move(route);
  host_ = std::move(host);
  text_ = std::move(text);
  done_ = std::move(done);
  context_.loop().arm(*this, context_.loop().now() + kDeadline);
  const client::ConnectorContext with{context_.loop(), context_.resolver(), context_.random()};
  client::ConnectorListener& listener = *this;
  connector_ = std::make_unique<client::Connector>(with, listener, kConnectTimeout);
  client::ServerAddress address;
  address.host = route_.server.host;
  address.port = route_.server.port;
  connector_->start(address);
}

void MailDelivery::connected(client::Connector&, os::Fd socket, const base::Endpoint& peer) {
  context_.loop().bury(std::move(connector_));
  socket_ = std::move(socket);
  const bool is_private = route_.server.implicit_tls || peer.address.is_loopback();
  session_.emplace(route_, host_, std::move(text_), is_private);
  if (!context_.loop().watch(socket_.number(), *this, loop::Loop::Mode::kEdges))
    return fail(kMailUnreachable, "the system cannot watch the connection");
  if (route_.server.implicit_tls) start_tls();
}

void MailDelivery::connect_failed(client::Connector&, const http::CallFailure& failure) {
  context_.loop().bury(std::move(connector_));
  fail(kMailUnreachable, std::string(failure.reason));
}

void MailDelivery::on_ready(loop::Readiness readiness) {
  if (outcome_ || !socket_.valid()) return;
  if (readiness.writable) flush();
  if (readiness.readable && !outcome_) receive();
}

// Edges are told once: everything that is there has to be read.
void MailDelivery::receive() {
  std::array<std::byte, 16 * 1024> bytes{};
  while (!outcome_) {
    const auto result = os::receive(socket_.number(), bytes);
    if (result.state == os::IoState::kWouldBlock) return;
    if (result.state != os::IoState::kDone) return follow(session_->ended());
    take(std::span(bytes).first(result.count));
  }
}

void MailDelivery::take(base::ByteView bytes) {
  if (engine_) {
    take_sealed(bytes);
  } else {
    follow(session_->take(bytes));
  }
}

void MailDelivery::take_sealed(base::ByteView bytes) {
  tls::Io io{bytes, unsent_};
  if (engine_->in_handshake()) advance_handshake(io);
  std::array<std::byte, 16 * 1024> plain{};
  while (!outcome_ && !engine_->in_handshake()) {
    std::size_t count = 0;
    const tls::Step step = engine_->read(io, plain, count);
    if (step == tls::Step::kNeedRead) break;
    if (step == tls::Step::kFailed) return fail(kMailUnreachable, engine_->failure().what);
    if (step == tls::Step::kEnd) return follow(session_->ended());
    follow(session_->take(std::span(plain).first(count)));
  }
  flush();
}

void MailDelivery::start_tls() {
  const tls::ClientSettings settings{.roots = roots_.get()};
  auto context = tls::ClientContext::create(settings, context_.loop());
  if (!context) return fail(kMailUnreachable, context.error().what);
  engine_ = std::make_unique<tls::Engine>(*std::move(context), tls::ClientTarget{.server_name = route_.server.host},
                                          context_.loop());
  take_sealed({});
}

void MailDelivery::advance_handshake(tls::Io& io) {
  const tls::Step step = engine_->handshake(io);
  if (step == tls::Step::kFailed) {
    const base::Error& error = engine_->failure();
    flush();
    return fail(kMailUnreachable, error.why.empty() ? error.what : fmt::format("{}: {}", error.what, error.why));
  }
  // With TLS from the beginning the server speaks first; behind STARTTLS we do.
  if (step == tls::Step::kDone && !route_.server.implicit_tls) follow(session_->tls_started());
}

void MailDelivery::follow(SmtpSession::Step step) {
  say();
  switch (step) {
    case SmtpSession::Step::kWait: return;
    case SmtpSession::Step::kStartTls: return start_tls();
    case SmtpSession::Step::kDone: return conclude(session_->receipt());
    case SmtpSession::Step::kFailed: return conclude(base::fail(session_->failure()));
  }
}

void MailDelivery::say() {
  const std::string text = session_->take_output();
  if (text.empty()) return;
  if (engine_) {
    tls::Io io{{}, unsent_};
    if (!engine_->write(io, base::as_bytes(text))) return fail(kMailUnreachable, "the TLS connection broke");
  } else {
    unsent_.append(text);
  }
  flush();
}

void MailDelivery::flush() {
  while (!unsent_.empty() && socket_.valid()) {
    const auto result = os::send(socket_.number(), unsent_.view());
    if (result.state == os::IoState::kWouldBlock) return;
    if (result.state != os::IoState::kDone) return fail(kMailUnreachable, "the connection broke");
    unsent_.consume(result.count);
  }
}

void MailDelivery::on_timer() {
  fail(kMailUnreachable, fmt::format("it did not take the mail within {} seconds", kDeadline.count()));
}

void MailDelivery::fail(base::ErrorCode code, std::string why) {
  conclude(base::fail({.code = code,
                       .side = base::Side::kUpstream,
                       .retry = base::Retry::kLater,
                       .what = fmt::format("the mail server {} did not take the mail", route_.server.to_string()),
                       .why = std::move(why)}));
}

// Told at the end of the turn: whoever is told may destroy us.
void MailDelivery::conclude(base::Result<std::string> outcome) {
  if (outcome_) return;
  outcome_ = std::move(outcome);
  context_.loop().schedule(*this);
}

void MailDelivery::on_turn_end() {
  close();
  const Done done = std::exchange(done_, nullptr);
  if (done && outcome_) done(*std::move(outcome_));
}

void MailDelivery::close() {
  if (connector_) {
    connector_->give_up();
    context_.loop().bury(std::move(connector_));
  }
  if (!socket_.valid()) return;
  context_.loop().unwatch(socket_.number());
  socket_.close();
}

}  // namespace gate::alert

// tls-alpn-01: RFC 8737; of addresses: RFC 8738.

#include <fmt/format.h>

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "base/buffer.h"
#include "base/text.h"
#include "cert/alpn_proof.h"
#include "client/dial.h"
#include "client/location.h"
#include "feature/acme_server/network_validator.h"
#include "jose/digest.h"
#include "os/socket.h"
#include "tls/challenges.h"
#include "tls/engine.h"

namespace gate::acme_server {
namespace {

constexpr std::string_view kProtocol = "acme-tls/1";

class TlsJob final : public NetworkValidator::Job,
                     private client::LocationListener,
                     private client::DialListener,
                     private loop::Watcher,
                     private loop::Timer {
 public:
  TlsJob(NetworkValidator& validator, Proof proof)
      : Job(validator, std::move(proof)), location_(context().resolver(), context().random(), *this) {
    client::DialListener& listener = *this;  // which nobody else may know it as
    dial_ = std::make_unique<client::Dial>(context().loop(), listener, NetworkValidator::kDeadline);
  }
  ~TlsJob() override {
    if (dial_) context().loop().bury(std::move(dial_));
    if (socket_.valid()) context().loop().unwatch(socket_.number());
  }

  void start() override {
    const std::uint16_t port = this->proof().statement->tls_port;
    if (const auto address = base::IpAddress::parse(this->proof().name)) return located({{*address, port}});
    client::ServerAddress server;
    server.host = this->proof().name;
    server.port = port;
    location_.start(server);
  }

 private:
  void not_located(const http::CallFailure&) override {
    fail(ProblemType::kDns, fmt::format("no address of {} was found", proof().name));
  }

  void located(std::vector<base::Endpoint> endpoints) override {
    auto asked = permitted(*proof().statement, std::move(endpoints));
    if (asked.empty()) {
      return fail(ProblemType::kConnection,
                  fmt::format("{} leads to no address that this server may ask", proof().name));
    }
    dial_->start(std::move(asked));
  }

  void dial_failed(client::Dial&, const http::CallFailure&) override {
    context().loop().bury(std::move(dial_));
    fail(ProblemType::kConnection,
         fmt::format("{} does not answer on port {}", proof().name, proof().statement->tls_port));
  }

  void dialed(client::Dial&, os::Fd socket, const base::Endpoint&) override {
    context().loop().bury(std::move(dial_));
    socket_ = std::move(socket);
    // Whoever proves a name this way has no certificate that anybody trusts yet.
    auto tls = tls::ClientContext::create({.roots = nullptr, .alpn = {std::string(kProtocol)}}, context().loop());
    const bool watched = tls && context().loop().watch(socket_.number(), *this, loop::Loop::Mode::kEdges).has_value();
    if (!watched) return fail(ProblemType::kServerInternal, "the server has a problem of its own; try later");
    engine_.emplace(*std::move(tls), tls::ClientTarget{.server_name = tls::challenge_server_name(proof().name)},
                    context().loop());
    context().loop().arm(*this, context().loop().now() + NetworkValidator::kDeadline);
    advance();
  }

  void on_timer() override { fail(ProblemType::kTls, "the handshake took too long"); }
  void on_ready(loop::Readiness) override { advance(); }

  // What is received goes through the engine until the handshake is done, or it cannot be.
  void advance() {
    std::array<std::byte, 4096> room;
    os::IoResult received{};  // the first words are ours
    while (!over_) {
      tls::Io io{std::span(room).first(received.count), output_};
      const tls::Step step = engine_->handshake(io);
      const bool sent = send();
      if (step == tls::Step::kDone) return judge();
      if (step == tls::Step::kFailed || !sent) return disagree();
      received = os::receive(socket_.number(), room);
      if (received.state == os::IoState::kWouldBlock) return;
      if (received.state != os::IoState::kDone) return disagree();
    }
  }

  // A ClientHello and a Finished: a fresh socket takes them whole.
  bool send() {
    const auto sent = output_.empty() ? os::IoResult{} : os::send(socket_.number(), output_.view());
    const bool whole = sent.count == output_.size();
    output_.clear();
    return whole;
  }

  void disagree() {
    fail(ProblemType::kTls, fmt::format("{} does not agree on {} in the handshake", proof().name, kProtocol));
  }

  void judge() {
    const auto certificate = engine_->peer_certificate();
    const auto digest = jose::sha256(base::as_bytes(proof().key_authorization));
    const bool agreed = engine_->facts().alpn == tls::Alpn::kAcmeTls;
    if (agreed && certificate && cert::proves_by_alpn(*certificate, proof().name, digest)) return end(std::nullopt);
    fail(ProblemType::kUnauthorized,
         fmt::format("the certificate of {} is not the answer to this challenge", proof().name));
  }

  void fail(ProblemType type, std::string detail) { end(Problem{type, std::move(detail)}); }

  void end(std::optional<Problem> problem) {
    if (std::exchange(over_, true)) return;
    finished(std::move(problem));
  }

  client::Location location_;
  std::unique_ptr<client::Dial> dial_;
  os::Fd socket_;
  std::optional<tls::Engine> engine_;
  base::Buffer output_;
  bool over_ = false;
};

}  // namespace

std::unique_ptr<NetworkValidator::Job> make_tls_job(NetworkValidator& validator, Proof proof) {
  return std::make_unique<TlsJob>(validator, std::move(proof));
}

}  // namespace gate::acme_server

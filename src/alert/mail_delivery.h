#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "alert/settings.h"
#include "alert/smtp_session.h"
#include "base/buffer.h"
#include "base/result.h"
#include "cert/verify.h"
#include "client/connector.h"
#include "client/context.h"
#include "loop/loop.h"
#include "os/fd.h"
#include "tls/engine.h"

namespace gate::alert {

// Hands one mail in at a mail server: connects, speaks SMTP, with TLS from the beginning or by STARTTLS. Only a server
// on this very machine may do without. Destroying it gives up, and `done` is not called. Control thread only.
class MailDelivery final : private client::ConnectorListener,
                           private loop::Watcher,
                           private loop::Timer,
                           private loop::TurnEnd {
 public:
  static constexpr std::chrono::seconds kDeadline{25};  // for all of it; who is late is asked again
  static constexpr std::chrono::seconds kConnectTimeout{10};

  // What the server said to the mail, or why it did not take it.
  using Done = std::function<void(base::Result<std::string>)>;

  // `context` outlives it. `roots` vouch for the server.
  MailDelivery(client::Context& context, std::shared_ptr<const cert::Roots> roots);
  ~MailDelivery() override;
  MailDelivery(const MailDelivery&) = delete;
  MailDelivery& operator=(const MailDelivery&) = delete;

  // `host` is what this machine calls itself. `done` is called once, never from within, and may destroy the delivery.
  void start(MailRoute route, std::string host, std::string text, Done done);

 private:
  void connected(client::Connector& connector, os::Fd socket, const base::Endpoint& peer) override;
  void connect_failed(client::Connector& connector, const http::CallFailure& failure) override;
  void on_ready(loop::Readiness readiness) override;
  void on_timer() override;
  void on_turn_end() override;

  void receive();
  void take(base::ByteView bytes);
  void take_sealed(base::ByteView bytes);
  void follow(SmtpSession::Step step);
  void start_tls();
  void advance_handshake(tls::Io& io);
  void say();
  void flush();
  void fail(base::ErrorCode code, std::string why);
  void conclude(base::Result<std::string> outcome);
  void close();

  client::Context& context_;
  const std::shared_ptr<const cert::Roots> roots_;
  MailRoute route_;
  std::string host_;
  std::string text_;
  Done done_;
  std::unique_ptr<client::Connector> connector_;
  os::Fd socket_;
  std::optional<SmtpSession> session_;
  std::unique_ptr<tls::Engine> engine_;
  base::Buffer unsent_;
  std::optional<base::Result<std::string>> outcome_;
};

}  // namespace gate::alert

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "alert/settings.h"
#include "alert/smtp_reply.h"
#include "base/bytes.h"
#include "base/error.h"

namespace gate::alert {

// The client's side of one delivery by SMTP (RFC 5321): bytes in, bytes out, without a socket and without TLS.
//
//   greeting > EHLO [> STARTTLS > EHLO] [> AUTH] > MAIL > RCPT… > DATA > text > QUIT > done
class SmtpSession {
 public:
  // What comes next.
  enum class Step : std::uint8_t {
    kWait,      // for the server; what take_output() has is to be sent
    kStartTls,  // a handshake, then tls_started()
    kDone,      // the mail is handed in; what take_output() has is to be sent if it can be
    kFailed,    // failure() says why
  };

  // `route` outlives the session. `host` is our name (RFC 5321 4.1.4). `is_private`: the connection does not leave this
  // machine, or is encrypted already. Then STARTTLS is not asked for.
  SmtpSession(const MailRoute& route, std::string host, std::string text, bool is_private);

  Step take(base::ByteView bytes);
  // The handshake is done: everything begins anew (RFC 3207 4.2).
  Step tls_started();
  // The server has closed.
  Step ended();

  std::string take_output();
  const base::Error& failure() const { return *failure_; }
  // What the server said to the text, once done.
  const std::string& receipt() const { return receipt_; }

 private:
  enum class Stage : std::uint8_t { kGreeting, kHello, kStartTls, kLogin, kFrom, kTo, kData, kText, kOver };

  Step answer(const SmtpReply& reply);
  Step greet();
  Step after_hello(const SmtpReply& reply);
  Step log_in(const SmtpReply& hello);
  Step say(Stage stage, std::string_view line);
  Step say_from();
  Step say_to();
  Step send_text();
  Step fail(base::ErrorCode code, std::string why, std::string fix);
  Step refuse(const SmtpReply& reply);

  const MailRoute& route_;
  const std::string host_;
  const std::string text_;
  SmtpReplyReader reader_;
  std::string output_;
  std::string receipt_;
  std::optional<base::Error> failure_;
  std::size_t recipient_ = 0;
  Stage stage_ = Stage::kGreeting;
  bool is_private_;
};

}  // namespace gate::alert

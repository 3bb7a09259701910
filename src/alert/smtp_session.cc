#include "alert/smtp_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "alert/codes.h"
#include "alert/message.h"
#include "base/text.h"

namespace gate::alert {

namespace {

// Whether the answer to EHLO names `extension`, with `parameter` behind it if that is not empty.
bool offers(const SmtpReply& hello, std::string_view extension, std::string_view parameter = {}) {
  // The first line is the server's name.
  for (std::size_t i = 1; i < hello.lines.size(); ++i) {
    std::string_view rest = hello.lines[i];
    if (!base::equals_ignoring_case(base::split_off(rest, ' '), extension)) continue;
    if (parameter.empty()) return true;
    while (!rest.empty()) {
      if (base::equals_ignoring_case(base::split_off(rest, ' '), parameter)) return true;
    }
  }
  return false;
}

// RFC 5321 4.5.2: a line that begins with a point gets another, so that none ends the text but the last.
std::string stuffed(std::string_view text) {
  std::string result;
  bool begins = true;
  for (const char c : text) {
    if (begins && c == '.') result += '.';
    result += c;
    begins = c == '\n';
  }
  if (!begins) result += "\r\n";
  return result + ".\r\n";
}

}  // namespace

SmtpSession::SmtpSession(const MailRoute& route, std::string host, std::string text, bool is_private)
    : route_(route), host_(std::move(host)), text_(std::move(text)), is_private_(is_private) {}

SmtpSession::Step SmtpSession::take(base::ByteView bytes) {
  if (stage_ == Stage::kOver) return failure_ ? Step::kFailed : Step::kDone;
  if (!reader_.take(bytes)) return fail(kMailRefused, "it does not speak SMTP", "check host and port");
  Step step = Step::kWait;
  while (step == Step::kWait) {
    const auto reply = reader_.next();
    if (!reply) return step;
    step = answer(*reply);
  }
  return step;
}

SmtpSession::Step SmtpSession::tls_started() {
  is_private_ = true;
  return greet();
}

SmtpSession::Step SmtpSession::ended() {
  if (stage_ == Stage::kOver) return failure_ ? Step::kFailed : Step::kDone;
  return fail(kMailUnreachable, "it closed the connection before it had taken the mail", "");
}

std::string SmtpSession::take_output() { return std::exchange(output_, {}); }

SmtpSession::Step SmtpSession::answer(const SmtpReply& reply) {
  const bool is_wanted = stage_ == Stage::kData ? reply.is_intermediate() : reply.is_complete();
  if (!is_wanted) return refuse(reply);
  switch (stage_) {
    case Stage::kGreeting: return greet();
    case Stage::kHello: return after_hello(reply);
    case Stage::kStartTls:
      // What stands behind this reply was not said by whom the handshake will name (CVE-2011-0411).
      if (reader_.has_more()) return fail(kMailUnsafe, "something was sent into the clear before TLS began", "");
      return Step::kStartTls;
    case Stage::kLogin: return say_from();
    case Stage::kFrom:
    case Stage::kTo: return recipient_ < route_.to.size() ? say_to() : say(Stage::kData, "DATA");
    case Stage::kData: return send_text();
    case Stage::kText:
      receipt_ = reply.to_string();
      say(Stage::kOver, "QUIT");
      return Step::kDone;
    case Stage::kOver: break;
  }
  return Step::kDone;
}

SmtpSession::Step SmtpSession::greet() { return say(Stage::kHello, fmt::format("EHLO {}", host_)); }

SmtpSession::Step SmtpSession::after_hello(const SmtpReply& reply) {
  if (is_private_) return log_in(reply);
  if (offers(reply, "STARTTLS")) return say(Stage::kStartTls, "STARTTLS");
  return fail(kMailUnsafe, "it does not offer STARTTLS, so that everybody on the way could read along",
              fmt::format("use its port for TLS: smtps://{}:465", route_.server.host));
}

SmtpSession::Step SmtpSession::log_in(const SmtpReply& hello) {
  if (route_.user.empty()) return say_from();
  if (!offers(hello, "AUTH", "PLAIN"))
    return fail(kMailUnsafe, "it does not offer AUTH PLAIN", "take \"user\" out if it needs no login");
  // RFC 4616 2: an empty authorization identity, the name and the password, each behind a NUL.
  const std::string secret = fmt::format("{0}{1}{0}{2}", '\0', route_.user, route_.password);
  return say(Stage::kLogin, fmt::format("AUTH PLAIN {}", to_base64(secret)));
}

SmtpSession::Step SmtpSession::say(Stage stage, std::string_view line) {
  output_ += fmt::format("{}\r\n", line);
  stage_ = stage;
  return Step::kWait;
}

SmtpSession::Step SmtpSession::say_from() { return say(Stage::kFrom, fmt::format("MAIL FROM:<{}>", route_.from)); }

SmtpSession::Step SmtpSession::say_to() {
  return say(Stage::kTo, fmt::format("RCPT TO:<{}>", route_.to[recipient_++]));
}

SmtpSession::Step SmtpSession::send_text() {
  output_ += stuffed(text_);
  stage_ = Stage::kText;
  return Step::kWait;
}

SmtpSession::Step SmtpSession::refuse(const SmtpReply& reply) {
  // Its words may hold what was sent: the password.
  if (stage_ == Stage::kLogin)
    return fail(kMailRefused, fmt::format("it refused the login with {}", reply.code), "check user and password");
  return fail(kMailRefused, fmt::format("it said \"{}\"", reply.to_string()), "");
}

SmtpSession::Step SmtpSession::fail(base::ErrorCode code, std::string why, std::string fix) {
  failure_ = base::Error{.code = code,
                         .side = base::Side::kUpstream,
                         .retry = base::Retry::kLater,
                         .what = fmt::format("the mail server {} did not take the mail", route_.server.to_string()),
                         .why = std::move(why),
                         .fix = std::move(fix)};
  stage_ = Stage::kOver;
  return Step::kFailed;
}

}  // namespace gate::alert

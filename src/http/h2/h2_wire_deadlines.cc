#include "http/h2/h2_wire.h"
#include "http/multiplex/codes.h"

// The deadlines of an HTTP/2 connection.
namespace gate::http::h2 {

void H2Wire::on_deadline() {
  if (ended_) return;
  deadline_.clear();
  if (delivery_.stuck()) {  // nothing more can be said to such a client
    exchanges_.report(multiplex::kClientTooSlow, "connection does not take what is sent");
    end(Outcome::kClientTimeout);
  }
  if (finished()) return;  // what was said last may still be on its way
  check_greeting();
  check_head();
  check_reading();
  exchanges_.for_each([this](Stream& stream) {
    if (exchanges_.too_slow(stream)) reset(stream, Code::kCancel, Outcome::kClientTimeout);
  });
  if (!closing_ && !shutdown_.done() && exchanges_.idle_for(limits_.idle_timeout)) shutdown_.hasten();
  shutdown_.check(deadline_);
  settle();
}

// RFC 9113 6.5.3: "If the sender of a SETTINGS frame does not receive an acknowledgment within a reasonable amount of
// time, it MAY issue a connection error (Section 5.4.1) of type SETTINGS_TIMEOUT."
void H2Wire::check_greeting() {
  if (!greeting_ || !deadline_.reached(opened_at_ + limits_.header_timeout)) return;
  const Code code = session_.in_preface() ? Code::kProtocolError : Code::kSettingsTimeout;
  condemn(code, multiplex::kClientTooSlow, "preface or settings acknowledgement too slow");
}

void H2Wire::check_head() {
  if (!head_since_ || !deadline_.reached(*head_since_ + limits_.header_timeout)) return;
  condemn(Code::kEnhanceYourCalm, multiplex::kClientTooSlow, "header section too slow");
}

// The connection's window is shut, so that no stream can go on: judged once for all of them.
void H2Wire::check_reading() {
  if (!session_.connection_window_shut()) {
    reading_pace_.stop(now());
    return;
  }
  reading_pace_.start(now());
  if (reading_pace_.too_slow(now())) {
    condemn(Code::kEnhanceYourCalm, multiplex::kClientTooSlow, "connection window not opened");
    exchanges_.finish_all(Outcome::kClientTimeout);
  } else {
    deadline_.note(reading_pace_.due());
  }
}

}  // namespace gate::http::h2

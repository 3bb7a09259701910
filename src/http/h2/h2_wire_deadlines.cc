#include <algorithm>

#include "http/h2/h2_wire.h"
#include "http/multiplex/codes.h"

// The deadlines of an HTTP/2 connection. They are kept lazily: whoever begins a wait names when it is over, and only
// when the earliest of these times has come is looked what is really due.
namespace gate::http::h2 {

void H2Wire::on_deadline() {
  if (ended_) return;
  deadline_ = base::Instant::max();
  check_writing();
  if (finished()) return;  // what was said last may still be on its way
  check_greeting();
  check_head();
  check_reading();
  streams_.for_each([this](Stream& stream) { check_stream(stream); });
  check_idle();
  check_shutdown();
  settle();
}

// Whether that time has come; otherwise it is asked again then.
bool H2Wire::is_due(base::Instant due) {
  if (now() >= due) return true;
  note_due(due);
  return false;
}

// RFC 9113 6.5.3: "If the sender of a SETTINGS frame does not receive an acknowledgment within a reasonable amount of
// time, it MAY issue a connection error (Section 5.4.1) of type SETTINGS_TIMEOUT."
void H2Wire::check_greeting() {
  if (!greeting_ || !is_due(opened_at_ + limits_.header_timeout)) return;
  const Code code = frames_.in_preface() ? Code::kProtocolError : Code::kSettingsTimeout;
  condemn(code, multiplex::kClientTooSlow, "preface or settings acknowledgement too slow");
}

void H2Wire::check_head() {
  if (!head_since_ || !is_due(*head_since_ + limits_.header_timeout)) return;
  condemn(Code::kEnhanceYourCalm, multiplex::kClientTooSlow, "header section too slow");
}

void H2Wire::check_idle() {
  if (!streams_.empty() || closing_ || shutdown_ >= Shutdown::kDue) return;
  if (is_due(idle_since_ + limits_.idle_timeout)) shutdown_ = Shutdown::kDue;
}

void H2Wire::check_shutdown() {
  if (shutdown_ == Shutdown::kAnnounced && is_due(shutdown_at_)) shutdown_ = Shutdown::kDue;
}

// The socket does not take what was produced (CVE-2019-9517). Nothing more can be said to such a client.
void H2Wire::check_writing() {
  if (writing_pace_.too_slow(now())) {
    report(multiplex::kClientTooSlow, "connection does not take what is sent");
    end(Outcome::kClientTimeout);
  } else if (writing_pace_.running()) {
    note_due(writing_pace_.due());
  }
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
    finish_all(Outcome::kClientTimeout);
  } else {
    note_due(reading_pace_.due());
  }
}

void H2Wire::check_stream(Stream& stream) {
  if (stream.body_pace.too_slow(now())) {
    report(multiplex::kClientTooSlow, "request body too slow");
    if (stream.response_begun()) {
      reset(stream, Code::kCancel, Outcome::kClientTimeout);
      return;
    }
    fail_request(stream, RequestFault::kBodyTimeout);
  }
  const bool slow = stream.response_pace.too_slow(now());
  if (stream.response_flows() && session_.window_shut(stream)) {
    if (slow) {
      report(multiplex::kClientTooSlow, "stream window not opened");
      reset(stream, Code::kCancel, Outcome::kClientTimeout);
      return;
    }
  } else if (stream.response_pace.running()) {
    // Held up by other streams, not by the client.
    stream.response_pace.begin(now());
  }
  note_due(std::min(stream.body_pace.due(), stream.response_pace.due()));
}

}  // namespace gate::http::h2

#include "acme/window_question.h"

#include <fmt/format.h>

#include <utility>

namespace gate::acme {

WindowQuestion::WindowQuestion(Authority& authority, std::string identifier, Done done)
    : authority_(authority),
      identifier_(std::move(identifier)),
      done_(std::move(done)),
      request_(authority.channel()) {}

// RFC 9773 4.1: "[...] a GET request": it is the only one that is not signed, but for the directory.
void WindowQuestion::opened(const Outcome<>& outcome) {
  if (!outcome) return conclude(std::unexpected(outcome.error()));
  const std::string& service = authority_.directory().renewal_info;
  if (service.empty()) return conclude(RenewalAdvice{.info = std::nullopt});
  request_.get({.url = fmt::format("{}/{}", service, identifier_), .what = "when to renew"},
               [this](Outcome<Answer> answer) { answered(std::move(answer)); });
}

void WindowQuestion::answered(Outcome<Answer> answer) {
  if (!answer) return conclude(std::unexpected(std::move(answer).error()));
  auto info = RenewalInfo::parse(answer->body);
  if (!info) return conclude(std::unexpected(unreachable(std::move(info).error())));
  conclude(RenewalAdvice{.info = *std::move(info), .ask_at = answer->again_at});
}

// The last thing is to tell: that may destroy it.
void WindowQuestion::conclude(Outcome<RenewalAdvice> advice) {
  const Done done = std::exchange(done_, nullptr);
  done(std::move(advice));
}

}  // namespace gate::acme

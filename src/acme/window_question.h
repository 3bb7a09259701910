#pragma once

#include <functional>
#include <optional>
#include <string>

#include "acme/authority.h"
#include "acme/failure.h"
#include "acme/messages.h"
#include "acme/request.h"
#include "base/clock.h"

namespace gate::acme {

// What an authority says about when to renew a certificate (RFC 9773).
struct RenewalAdvice {
  std::optional<RenewalInfo> info;         // nothing: it gives no advice at all
  std::optional<base::WallTime> ask_at{};  // when it wants to be asked again
};

// Asks an authority once when a certificate is to be renewed. Destroying it gives up.
class WindowQuestion final : private AuthorityWaiter {
 public:
  using Done = std::function<void(Outcome<RenewalAdvice>)>;

  // `authority` outlives it. `done` is called once, never from within start(), and may destroy it.
  WindowQuestion(Authority& authority, std::string identifier, Done done);

  void start() { authority_.open(*this); }

 private:
  void opened(const Outcome<>& outcome) override;
  void answered(Outcome<Answer> answer);
  void conclude(Outcome<RenewalAdvice> advice);

  Authority& authority_;
  const std::string identifier_;
  Done done_;
  Request request_;
};

}  // namespace gate::acme

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "cert/validity.h"

// When a certificate of a certificate authority is renewed: pure logic over facts that are kept on disk. Nothing here
// looks at a clock, a file or the network; whoever renews asks `next_step`, does it, and notes what came of it.
namespace gate::cert {

// RFC 9773 4.2: when the authority would like a certificate to be replaced.
struct RenewalWindow {
  base::WallTime start{};
  base::WallTime end{};
  std::string explanation_url{};  // why it is so, for people; often empty

  friend bool operator==(const RenewalWindow&, const RenewalWindow&) = default;
};

// Why a try to renew came to nothing; it decides how long to wait.
enum class RenewalFault : std::uint8_t {
  kNetwork,      // the authority or a name server could not be reached, or answered with 5xx
  kRateLimited,  // the authority wants fewer requests
  kRefused,      // it said no: a challenge that failed, a name that it does not sign, an account that it does not know
};

// "network", "rate_limited", "refused": as they are written to disk and shown.
std::string_view to_string(RenewalFault fault);
std::optional<RenewalFault> renewal_fault(std::string_view text);

// The last of a row of failed tries.
struct RenewalFailure {
  RenewalFault fault = RenewalFault::kNetwork;
  std::string text{};  // what the try ended with, as it is shown
  base::WallTime at{};
  base::WallTime next_try{};

  friend bool operator==(const RenewalFailure&, const RenewalFailure&) = default;
};

// What is known of one certificate beside the certificate, and survives a restart. Times are whole seconds.
struct RenewalFacts {
  std::string directory{};  // URL of the authority's ACME directory
  base::WallTime first_issued{};

  // What the authority says (RFC 9773). `moment` is chosen at random within the window, once, and kept.
  std::optional<RenewalWindow> window{};
  base::WallTime moment{};
  std::optional<base::WallTime> ask_window_at{};  // nothing: at once

  bool has_window_service = true;  // false: the directory has no renewalInfo, never ask
  bool is_revoked = false;         // replaced at once, whatever the calendar says
  bool is_given_up = false;        // its owner had it revoked and wants no other one: never replaced by itself

  unsigned failures = 0;  // in a row
  std::optional<RenewalFailure> last_failure{};

  friend bool operator==(const RenewalFacts&, const RenewalFacts&) = default;
};

// Why something is due when it is.
enum class RenewalReason : std::uint8_t {
  kAskWindow,     // the authority is to be asked for its window
  kWindow,        // the moment within that window has come
  kWindowPassed,  // the window lies in the past: the authority is about to revoke it
  kRevoked,
  kTwoThirds,    // of the lifetime are over
  kHalf,         // of the lifetime is over; for lifetimes below ten days
  kSafetyLimit,  // the window would come too late
  kRetry,        // the last try failed
  kGivenUp,      // never: see RenewalFacts
};

// "the authority's window", …: for tables and the audit log.
std::string_view to_string(RenewalReason reason);

// What is to be done next for a certificate, and when. A time that is over means now.
struct RenewalStep {
  RenewalReason reason = RenewalReason::kAskWindow;
  base::WallTime when{};

  bool is_renewal() const { return reason != RenewalReason::kAskWindow; }
  bool is_due(base::WallTime now) const { return now >= when; }
};

// When it is to be renewed if all goes well; failures and questions are left out. `name` spreads certificates that
// were issued together: the same name has the same share of the jitter always.
RenewalStep planned_renewal(std::string_view name, const Validity& validity, const RenewalFacts& facts);

// The next thing to do. Times that lie further ahead than any this file writes were written while the clock was wrong,
// and count as come.
RenewalStep next_step(std::string_view name, const Validity& validity, const RenewalFacts& facts, base::WallTime now);

// From then on nobody may be without a new certificate: renewals are never planned, nor put off, beyond it.
base::WallTime latest_renewal(const Validity& validity);

// The authority has answered with `window`. `retry_after`: when it wants to be asked again; bounded here. A moment that
// was chosen before is kept as long as the window still holds it.
void note_window(RenewalFacts& facts, RenewalWindow window, std::optional<base::Duration> retry_after,
                 base::WallTime now, base::Random& random);

// It has answered with nothing usable, or not at all.
void note_no_window(RenewalFacts& facts, base::WallTime now);

// A try to renew has failed. `retry_after` is what the authority said, if it did.
void note_failure(RenewalFacts& facts, const Validity& validity, RenewalFault fault, std::string text,
                  std::optional<base::Duration> retry_after, base::WallTime now, base::Random& random);

// A certificate has been issued: what was known of the former one is void.
void note_success(RenewalFacts& facts, base::WallTime now);

}  // namespace gate::cert

#include "cert/renewal.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace gate::cert {

namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// Below this a certificate is short-lived: two thirds of its life would leave too few nights.
constexpr days kShortLived{10};

// RFC 9773 4.3: how often to ask, if the authority does not say; what it says is kept within a minute and a day.
constexpr hours kAskPause{6};
constexpr minutes kAskPauseMin{1};
constexpr days kAskPauseMax{1};

constexpr days kRetryAfterMax{7};  // the longest window of a limit that authorities publish
constexpr minutes kPauseMin{1};
constexpr minutes kClockTolerance{5};   // by which a clock is corrected in passing
constexpr unsigned kDoublingsMax = 16;  // far above every longest pause; keeps the shift in range

// Of what is left of its life, a failed try may cost this share at most: so a certificate of six days that is due in
// the middle of its life gets more than eight tries, and one near its end is tried more and more often.
constexpr int kShareOfRest = 8;

struct Pauses {
  base::Duration first;
  base::Duration longest;
};

constexpr Pauses pauses_of(RenewalFault fault) {
  switch (fault) {
    case RenewalFault::kNetwork: return {minutes(1), hours(6)};
    case RenewalFault::kRateLimited: return {hours(1), hours(24)};
    // Let's Encrypt allows five failed validations a name and hour; what was refused is seldom repaired in minutes.
    case RenewalFault::kRefused: return {hours(1), hours(12)};
  }
  return {minutes(1), hours(6)};
}

base::WallTime whole_seconds(base::WallTime time) { return std::chrono::floor<seconds>(time); }

// Uniform in [0, span), by whole seconds; a span below a second is 0.
base::Duration random_part(base::Duration span, std::uint64_t random) {
  const auto count = std::chrono::duration_cast<seconds>(span).count();
  if (count <= 0) return {};
  return seconds(static_cast<std::int64_t>(random % static_cast<std::uint64_t>(count)));
}

std::uint64_t random_number(base::Random& random) {
  std::array<std::byte, sizeof(std::uint64_t)> bytes{};
  random.fill(bytes);
  std::uint64_t number = 0;
  for (const std::byte each : bytes) number = number << 8 | std::to_integer<std::uint64_t>(each);
  return number;
}

// FNV-1a, with a final mix so that names that differ in their last letter lie far apart.
std::uint64_t hash(std::string_view name) {
  std::uint64_t value = 0xcbf29ce484222325;
  for (const char c : name) value = (value ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  value = (value ^ value >> 32) * 0xd6e8feb86659fd93;
  return value ^ value >> 32;
}

// Two thirds of its life, or half, less 2 % to 6 % of it: the first tries must have failed before anybody counts a
// third of the life left and is alarmed.
RenewalStep by_lifetime(std::string_view name, const Validity& validity) {
  const base::Duration lifetime = validity.lifetime();
  const bool is_short = lifetime < kShortLived;
  const base::Duration share = is_short ? lifetime / 2 : lifetime / 3 * 2;
  const base::Duration early = lifetime / 50 + random_part(lifetime / 25, hash(name));
  return {is_short ? RenewalReason::kHalf : RenewalReason::kTwoThirds,
          whole_seconds(validity.not_before + share - early)};
}

// When the renewal may be tried after a failure; nothing when there was none.
std::optional<base::WallTime> retry_time(const RenewalFacts& facts, base::WallTime now) {
  if (!facts.last_failure) return std::nullopt;
  const RenewalFailure& last = *facts.last_failure;
  // Set while the clock was ahead. Trying at once is right: waiting for that date might outlast the certificate.
  const bool from_the_future = last.at > now + kClockTolerance || last.next_try > now + kRetryAfterMax;
  return from_the_future ? now : last.next_try;
}

RenewalStep next_renewal(std::string_view name, const Validity& validity, const RenewalFacts& facts,
                         base::WallTime now) {
  RenewalStep planned = planned_renewal(name, validity, facts);
  if (planned.reason == RenewalReason::kWindow && facts.window->end <= now)
    planned.reason = RenewalReason::kWindowPassed;
  const auto retry = retry_time(facts, now);
  if (!retry || *retry <= planned.when) return planned;
  return {RenewalReason::kRetry, *retry};
}

// How long to wait after the `failures`th failed try in a row.
base::Duration pause_after(RenewalFault fault, unsigned failures, std::uint64_t random) {
  const Pauses pauses = pauses_of(fault);
  const unsigned doublings = std::min(failures == 0 ? 0 : failures - 1, kDoublingsMax);
  const base::Duration pause = std::min<base::Duration>(pauses.first * (1LL << doublings), pauses.longest);
  return pause - random_part(pause / 5, random);
}

}  // namespace

std::string_view to_string(RenewalFault fault) {
  switch (fault) {
    case RenewalFault::kNetwork: return "network";
    case RenewalFault::kRateLimited: return "rate_limited";
    case RenewalFault::kRefused: return "refused";
  }
  return "refused";
}

std::optional<RenewalFault> renewal_fault(std::string_view text) {
  for (const auto fault : {RenewalFault::kNetwork, RenewalFault::kRateLimited, RenewalFault::kRefused}) {
    if (to_string(fault) == text) return fault;
  }
  return std::nullopt;
}

std::string_view to_string(RenewalReason reason) {
  switch (reason) {
    case RenewalReason::kAskWindow: return "ask the authority when to renew";
    case RenewalReason::kWindow: return "within the authority's window";
    case RenewalReason::kWindowPassed: return "the authority's window has passed";
    case RenewalReason::kRevoked: return "it has been revoked";
    case RenewalReason::kTwoThirds: return "two thirds of its life";
    case RenewalReason::kHalf: return "half of its life";
    case RenewalReason::kSafetyLimit: return "the authority's window comes too late";
    case RenewalReason::kRetry: return "the last try failed";
    case RenewalReason::kGivenUp: return "revoked, and not to be replaced";
  }
  return "";
}

base::WallTime latest_renewal(const Validity& validity) {
  const base::Duration margin = std::min<base::Duration>(validity.lifetime() / 3, days(5));
  return whole_seconds(validity.not_after - margin);
}

RenewalStep planned_renewal(std::string_view name, const Validity& validity, const RenewalFacts& facts) {
  if (facts.is_revoked) return {RenewalReason::kRevoked, validity.not_before};
  if (!facts.window) return by_lifetime(name, validity);
  const base::WallTime latest = latest_renewal(validity);
  if (facts.moment > latest) return {RenewalReason::kSafetyLimit, latest};
  return {RenewalReason::kWindow, facts.moment};
}

RenewalStep next_step(std::string_view name, const Validity& validity, const RenewalFacts& facts, base::WallTime now) {
  if (facts.is_given_up) return {RenewalReason::kGivenUp, base::WallTime::max()};
  const RenewalStep renewal = next_renewal(name, validity, facts, now);
  // RFC 9773 4.3: "Clients MUST NOT check a certificate's RenewalInfo after the certificate has expired."
  if (!facts.has_window_service || facts.is_revoked || now >= validity.not_after) return renewal;
  base::WallTime ask = facts.ask_window_at.value_or(now);
  if (ask > now + kAskPauseMax) ask = now;
  return ask < renewal.when ? RenewalStep{RenewalReason::kAskWindow, ask} : renewal;
}

void note_window(RenewalFacts& facts, RenewalWindow window, std::optional<base::Duration> retry_after,
                 base::WallTime now, base::Random& random) {
  const base::Duration pause = std::clamp<base::Duration>(retry_after.value_or(kAskPause), kAskPauseMin, kAskPauseMax);
  facts.ask_window_at = whole_seconds(now + pause);
  const bool still_holds = facts.window && window.start <= facts.moment && facts.moment <= window.end;
  // RFC 9773 4.2: "Select a uniform random time within the suggested window."
  if (!still_holds)
    facts.moment = whole_seconds(window.start + random_part(window.end - window.start, random_number(random)));
  facts.window = std::move(window);
}

void note_no_window(RenewalFacts& facts, base::WallTime now) { facts.ask_window_at = whole_seconds(now + kAskPause); }

void note_failure(RenewalFacts& facts, const Validity& validity, RenewalFault fault, std::string text,
                  std::optional<base::Duration> retry_after, base::WallTime now, base::Random& random) {
  ++facts.failures;
  base::Duration pause = pause_after(fault, facts.failures, random_number(random));
  pause = std::min(pause, std::max<base::Duration>((validity.not_after - now) / kShareOfRest, kPauseMin));
  // RFC 8555 6.6: a time that the authority names is kept, unless there would be no certificate by then.
  if (retry_after) {
    const base::Duration longest = std::max(latest_renewal(validity) - now, (validity.not_after - now) / kShareOfRest);
    pause = std::max(pause, std::min<base::Duration>({*retry_after, longest, kRetryAfterMax}));
  }
  facts.last_failure = {
      .fault = fault, .text = std::move(text), .at = whole_seconds(now), .next_try = whole_seconds(now + pause)};
}

void note_success(RenewalFacts& facts, base::WallTime now) {
  RenewalFacts fresh{.directory = std::move(facts.directory),
                     .first_issued = facts.first_issued,
                     .has_window_service = facts.has_window_service};
  if (fresh.first_issued == base::WallTime{}) fresh.first_issued = whole_seconds(now);
  facts = std::move(fresh);
}

}  // namespace gate::cert

#include "acme/failure.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "acme/codes.h"

namespace gate::acme {
namespace {

struct Known {
  std::string_view type;
  base::ErrorCode code;
  FailureKind kind;
  std::string_view fix;
};

// RFC 8555 6.7; what is not named here is a refusal.
constexpr std::array kKnown{
    Known{"rateLimited", kRateLimited, FailureKind::kRateLimited, "wait; it is tried again by itself"},
    Known{"serverInternal", kAuthorityFailed, FailureKind::kUnreachable, "wait; it is tried again by itself"},
    Known{"badNonce", kAuthorityFailed, FailureKind::kUnreachable, "wait; it is tried again by itself"},
    Known{"externalAccountRequired", kBindingNeeded, FailureKind::kRefused,
          "the authority gives out a key id and a key: write \"eab KEY-ID file:PATH\" into its acme block"},
    Known{"accountDoesNotExist", kAccountUnusable, FailureKind::kRefused, ""},
    Known{
        "connection", kNotProven, FailureKind::kRefused,
        "the authority must reach this machine by the name: check its address in the DNS, the firewall and the router"},
    Known{"dns", kNotProven, FailureKind::kRefused, "check the name in the DNS: dig NAME A; dig NAME AAAA"},
    Known{"incorrectResponse", kNotProven, FailureKind::kRefused,
          "another machine or program answers for the name: check its address in the DNS, and who listens"},
    Known{"tls", kNotProven, FailureKind::kRefused,
          "another machine or program answers for the name: check its address in the DNS, and who listens"},
    Known{"unauthorized", kNotProven, FailureKind::kRefused,
          "another machine or program answers for the name: check its address in the DNS, and who listens"},
    Known{"caa", kOrderRefused, FailureKind::kRefused,
          "a CAA record of the name allows other authorities only: dig NAME CAA"},
    Known{"rejectedIdentifier", kOrderRefused, FailureKind::kRefused, "choose a name that the authority issues for"},
    Known{"invalidProfile", kUnknownProfile, FailureKind::kRefused, "choose a profile that the authority has"},
    Known{"userActionRequired", kAccountUnusable, FailureKind::kRefused, "visit the page that the authority names"},
};

}  // namespace

Failure our_failure(base::Error error) { return {.kind = FailureKind::kOurs, .error = std::move(error)}; }

Failure unreachable(base::Error error) { return {.kind = FailureKind::kUnreachable, .error = std::move(error)}; }

Failure failure_of(const Problem& problem, std::uint16_t status, std::string_view what,
                   std::optional<base::WallTime> again_at) {
  const auto known = std::ranges::find(kKnown, problem.type, &Known::type);
  const bool is_known = known != kKnown.end();
  Failure failure{.kind = is_known ? known->kind : FailureKind::kRefused,
                  .error = {.code = is_known ? known->code : kOrderRefused,
                            .side = base::Side::kUpstream,
                            .retry = base::Retry::kLater,
                            .what = fmt::format("the certificate authority refused {}", what),
                            .why = problem.to_string(),
                            .fix = is_known ? std::string(known->fix) : std::string()},
                  .problem = problem.type,
                  .again_at = again_at};
  // Some authorities say so by the status alone (RFC 9110 15.6.4, RFC 6585 4).
  constexpr std::uint16_t kTooManyRequests = 429;
  constexpr std::uint16_t kServerErrors = 500;
  if (status == kTooManyRequests) failure.kind = FailureKind::kRateLimited;
  if (!is_known && status >= kServerErrors) failure.kind = FailureKind::kUnreachable;
  if (again_at) {
    failure.error.why +=
        fmt::format(" (not before {:%F %T} UTC)", fmt::gmtime(std::chrono::system_clock::to_time_t(*again_at)));
  }
  return failure;
}

}  // namespace gate::acme

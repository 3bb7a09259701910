#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "acme/messages.h"
#include "base/clock.h"
#include "base/error.h"

namespace gate::acme {

// Who must change for it to go away: it decides when the next try makes sense.
enum class FailureKind : std::uint8_t {
  kOurs,         // this machine: its files, its configuration
  kUnreachable,  // nobody answers, or in a way that makes no sense: it may pass
  kRateLimited,  // not before a time that was told
  kRefused,      // it was asked and does not want to, or saw no proof
};

// Why no certificate came.
struct Failure {
  FailureKind kind = FailureKind::kOurs;
  base::Error error;
  std::string problem{};                     // the type of the authority's problem, "badNonce"; empty: it told none
  std::optional<base::WallTime> again_at{};  // before this time it does not want to be asked
};

template <class T = void>
using Outcome = std::expected<T, Failure>;

// What failed on this machine.
Failure our_failure(base::Error error);

// What failed between us and the authority.
Failure unreachable(base::Error error);

// A problem that the authority told with `status`; `what` is what was asked of it.
Failure failure_of(const Problem& problem, std::uint16_t status, std::string_view what,
                   std::optional<base::WallTime> again_at);

}  // namespace gate::acme

#include "feature/security/hsts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace gate::security {
namespace {

using std::chrono::days;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::weeks;

struct Step {
  days after;
  seconds max_age;
};

// Each promise is made only once the one before it has run out without harm. Full length on day 40.
constexpr std::array kRamp{
    Step{days(0), minutes(5)}, Step{days(1), days(1)},         Step{days(3), weeks(1)},
    Step{days(10), days(30)},  Step{days(40), seconds::max()},
};

std::string rendered(const HstsPolicy& policy, seconds max_age) {
  // The preload list takes a site only at its full length, and browsers read "preload" as consent to be listed.
  const bool preload = policy.preload && max_age == policy.max_age;
  return fmt::format("max-age={}{}{}", max_age.count(), policy.subdomains ? "; includeSubDomains" : "",
                     preload ? "; preload" : "");
}

}  // namespace

HstsSchedule::HstsSchedule(const HstsPolicy& policy, base::WallTime began) {
  if (policy.mode == HstsPolicy::Mode::kOff) return;
  if (policy.mode == HstsPolicy::Mode::kFixed) {
    stages_.push_back({base::WallTime::min(), rendered(policy, policy.max_age)});
    return;
  }
  for (const Step& step : kRamp) {
    stages_.push_back({began + step.after, rendered(policy, std::min(step.max_age, policy.max_age))});
  }
}

std::string_view HstsSchedule::value_at(base::WallTime now) const {
  if (stages_.empty()) return {};
  const auto next = std::ranges::find_if(stages_, [now](const Stage& stage) { return stage.from > now; });
  return next == stages_.begin() ? stages_.front().value : std::prev(next)->value;
}

bool keeps_hsts(std::string_view host) {
  if (host.empty() || host == "localhost" || host.ends_with(".localhost")) return false;
  // No name ends in a digit: that is an IPv4 address (WHATWG URL, "ends in a number").
  return !host.contains(':') && !base::is_digit(host.back());
}

}  // namespace gate::security

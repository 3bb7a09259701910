#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "cert/renewal.h"

namespace gate::cert {

// One certificate, as far as its future goes.
struct CalendarItem {
  enum class Renewer : std::uint8_t { kAuthority, kLocalCa, kUser };

  std::string name;
  Validity validity;
  Renewer renewer = Renewer::kUser;
  RenewalFacts facts{};  // of Renewer::kAuthority
};

// Something that will happen.
struct CalendarEvent {
  base::WallTime when;  // never in the past: what is due happens now
  std::string name;
  std::string what;          // "renew", "ends"
  std::string why;           // "two thirds of its life"
  bool is_expected = false;  // follows from an earlier event, if that goes well
};

// What happens from `now` to `until`, in order; renewals that follow from one another included.
std::vector<CalendarEvent> calendar(std::span<const CalendarItem> items, base::WallTime now, base::WallTime until);

}  // namespace gate::cert

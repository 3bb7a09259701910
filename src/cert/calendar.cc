#include "cert/calendar.h"

#include <algorithm>
#include <utility>

#include "cert/condition.h"

namespace gate::cert {

namespace {

constexpr int kEventsMax = 100;  // of one certificate: a horizon of centuries would fill the memory

RenewalStep renewal_of(const CalendarItem& item, base::WallTime now) {
  if (item.renewer == CalendarItem::Renewer::kLocalCa)
    return {RenewalReason::kTwoThirds, item.validity.not_before + item.validity.lifetime() / 3 * 2};
  RenewalFacts facts = item.facts;
  facts.has_window_service = false;  // questions are no events
  return next_step(item.name, item.validity, facts, now);
}

void add_renewals(CalendarItem item, base::WallTime now, base::WallTime until, std::vector<CalendarEvent>& events) {
  bool is_expected = false;
  for (int i = 0; i < kEventsMax; ++i) {
    const RenewalStep step = renewal_of(item, now);
    const base::WallTime when = std::max(step.when, now);
    if (when > until) return;
    events.push_back({when, item.name, "renew", std::string(to_string(step.reason)), is_expected});
    if (item.validity.lifetime() <= base::Duration::zero()) return;  // of a stand-in: nobody knows what comes
    item.validity = {when, when + item.validity.lifetime()};
    item.facts = {};
    is_expected = true;
  }
}

void add_end(const CalendarItem& item, base::WallTime now, base::WallTime until, std::vector<CalendarEvent>& events) {
  const base::WallTime soon = std::max(expires_soon_from(item.validity), now);
  if (soon < item.validity.not_after && soon <= until)
    events.push_back({soon, item.name, "alarm", "unless somebody has renewed its files"});
  const base::WallTime end = std::max(item.validity.not_after, now);
  if (end <= until) events.push_back({end, item.name, "ends", "unless somebody has renewed its files"});
}

}  // namespace

std::vector<CalendarEvent> calendar(std::span<const CalendarItem> items, base::WallTime now, base::WallTime until) {
  std::vector<CalendarEvent> events;
  for (const CalendarItem& item : items) {
    if (item.renewer == CalendarItem::Renewer::kUser) {
      add_end(item, now, until, events);
    } else {
      add_renewals(item, now, until, events);
    }
  }
  std::ranges::stable_sort(events, {}, [](const CalendarEvent& each) { return each.when; });
  return events;
}

}  // namespace gate::cert

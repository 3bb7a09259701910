#include "tls/early_data_window.h"

#include <utility>

namespace gate::tls {

bool EarlyDataWindow::admit(base::ByteView ticket, base::Instant now) {
  if (now - turned_ >= kSpan) {
    previous_ = now - turned_ < 2 * kSpan ? std::exchange(current_, {}) : std::unordered_set<std::uint64_t>{};
    current_.clear();
    turned_ = now;
  }
  // The end of a ticket is the tag of its seal, which nobody can choose.
  if (ticket.size() < sizeof(std::uint64_t)) return false;
  const auto tag = base::ByteReader(ticket.last(sizeof(std::uint64_t))).u64();
  if (previous_.contains(*tag) || current_.size() >= kTicketsMax) return false;
  return current_.insert(*tag).second && now - opened_ >= kSpan;
}

}  // namespace gate::tls

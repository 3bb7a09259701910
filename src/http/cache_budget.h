#pragma once

#include <cstddef>

#include "base/check.h"
#include "base/intrusive_list.h"

namespace gate::http {

// What a thing that is kept for later costs its worker.
struct CacheCost {
  std::size_t bytes = 0;
  std::size_t descriptors = 0;
};

// Something that can be given up whenever room is needed.
class CacheItem : public base::ListNode<CacheItem> {
 public:
  // Leaves its cache, and may destroy itself. Its cost comes back now, or when the last reader is done with it.
  virtual void evict() = 0;

 protected:
  ~CacheItem() = default;
};

// Bounds what all caches of one worker hold together, so that ten thousand sites cost no more than one: what was used
// longest ago makes room, whichever site it belongs to. Outlives the items, and everything reserved from it.
class CacheBudget {
 public:
  static constexpr CacheCost kDefaultLimit{.bytes = std::size_t{64} << 20, .descriptors = 512};

  explicit CacheBudget(CacheCost limit = kDefaultLimit) : limit_(limit) {}

  // Takes `cost` out of the budget, evicting as much as that needs. False, with nothing taken, when there is no room
  // even then. May evict any item but those that are unlinked.
  bool reserve(CacheCost cost) {
    if (cost.bytes > limit_.bytes || cost.descriptors > limit_.descriptors) return false;
    while (!fits(cost) && !items_.empty()) items_.pop_front().evict();
    if (!fits(cost)) return false;
    used_.bytes += cost.bytes;
    used_.descriptors += cost.descriptors;
    return true;
  }

  void release(CacheCost cost) {
    GATE_CHECK(cost.bytes <= used_.bytes && cost.descriptors <= used_.descriptors);
    used_.bytes -= cost.bytes;
    used_.descriptors -= cost.descriptors;
  }

  // From now on `item` may be evicted, as the last one in line. Once unlinked it may not.
  void touch(CacheItem& item) {
    item.unlink();
    items_.push_back(item);
  }

  CacheCost used() const { return used_; }

 private:
  bool fits(CacheCost cost) const {
    return cost.bytes <= limit_.bytes - used_.bytes && cost.descriptors <= limit_.descriptors - used_.descriptors;
  }

  CacheCost limit_;
  CacheCost used_;
  base::IntrusiveList<CacheItem> items_;
};

}  // namespace gate::http

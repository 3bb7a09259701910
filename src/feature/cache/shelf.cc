#include "feature/cache/shelf.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace gate::cache {
namespace {

// Whether `a` came after `b`. All workers judge alike, so that they end up with the same one.
bool is_newer(const StoredHead& a, const StoredHead& b) {
  return std::tie(a.freshness.received_at, a.worker) > std::tie(b.freshness.received_at, b.worker);
}

}  // namespace

bool Purge::takes(std::string_view key, const std::vector<std::string>& tags) const {
  switch (by) {
    case By::kAll: return true;
    case By::kKey: return key == text;
    case By::kTag: return std::ranges::find(tags, text) != tags.end();
  }
  return false;
}

std::optional<StoredResponse> Shelf::find(std::string_view key, const http::FieldList& request_fields) {
  Place* found = nullptr;
  for_each_of(key, [&](Order::iterator place) {
    const StoredHead& head = *place->response.head;
    if (is_for(head, request_fields) && (!found || is_newer(head, *found->response.head))) found = &*place;
  });
  if (!found) return std::nullopt;
  found->used = true;
  return found->response;
}

Shelf::Heads Shelf::add(StoredResponse response) {
  Heads gone;
  const std::uint64_t cost = response.cost();
  if (cost > bytes_max_ || !make_way(*response.head)) return gone;
  make_room(response.head->key, cost, gone);
  bytes_ += cost;
  order_.push_front({std::move(response)});
  by_key_.emplace(order_.front().response.head->key, order_.begin());
  return gone;
}

// Removes what `head` replaces; false when that is newer.
bool Shelf::make_way(const StoredHead& head) {
  std::optional<Order::iterator> same;
  for_each_of(head.key, [&](Order::iterator place) {
    if (place->response.head->vary == head.vary) same = place;
  });
  if (!same) return true;
  if (is_newer(*(*same)->response.head, head)) return false;
  erase(*same);
  return true;
}

void Shelf::make_room(std::string_view key, std::uint64_t cost, Heads& gone) {
  std::size_t variants = 0;
  Order::iterator oldest = order_.end();
  for_each_of(key, [&](Order::iterator place) {
    ++variants;
    if (oldest == order_.end() || is_newer(*oldest->response.head, *place->response.head)) oldest = place;
  });
  if (variants >= kVariantsMax) {
    gone.push_back(oldest->response.head);
    erase(oldest);
  }
  while (bytes_ + cost > bytes_max_) {
    const auto victim = next_victim();
    gone.push_back(victim->response.head);
    erase(victim);
  }
}

Shelf::Order::iterator Shelf::next_victim() {
  while (true) {
    if (hand_ == order_.end()) hand_ = std::prev(order_.end());
    if (!std::exchange(hand_->used, false)) return hand_;
    hand_ = hand_ == order_.begin() ? order_.end() : std::prev(hand_);
  }
}

void Shelf::erase(Order::iterator place) {
  const auto [begin, end] = by_key_.equal_range(place->response.head->key);
  by_key_.erase(std::find_if(begin, end, [&](const auto& entry) { return entry.second == place; }));
  bytes_ -= place->response.cost();
  if (hand_ == place) hand_ = place == order_.begin() ? order_.end() : std::prev(place);
  order_.erase(place);
}

Shelf::Heads Shelf::remove(const Purge& purge) {
  Heads gone;
  if (purge.by == Purge::By::kKey) {
    for_each_of(purge.text, [&](Order::iterator place) { gone.push_back(place->response.head); });
  } else {
    for (const Place& place : order_) {
      if (purge.takes(place.response.head->key, place.response.head->tags)) gone.push_back(place.response.head);
    }
  }
  for (const auto& head : gone) remove(head);
  return gone;
}

void Shelf::remove(const std::shared_ptr<const StoredHead>& head) {
  std::optional<Order::iterator> found;
  for_each_of(head->key, [&](Order::iterator place) {
    if (place->response.head == head) found = place;
  });
  if (found) erase(*found);
}

void PassMarks::add(const std::string& key, base::Instant now) {
  if (until_.size() >= kMarksMax) std::erase_if(until_, [&](const auto& mark) { return mark.second <= now; });
  if (until_.size() < kMarksMax) until_[key] = now + kLifetime;
}

bool PassMarks::has(const std::string& key, base::Instant now) const {
  const auto found = until_.find(key);
  return found != until_.end() && now < found->second;
}

}  // namespace gate::cache

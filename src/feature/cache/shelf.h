#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "feature/cache/settings.h"
#include "feature/cache/stored_response.h"
#include "http/fields.h"

namespace gate::cache {

// Which kept responses are to go.
struct Purge {
  enum class By : std::uint8_t { kKey, kTag, kAll };
  By by = By::kAll;
  std::string text{};  // the key or the tag

  bool takes(std::string_view key, const std::vector<std::string>& tags) const;
};

// What one worker keeps for one statement: an index over responses that all workers share, bounded by their bytes.
// Which one makes room is chosen by SIEVE (Zhang and others, NSDI 2024): a hand goes from the oldest to the newest,
// spares what was used since it came by last, and takes the first that was not.
class Shelf {
 public:
  // Variants of one address (Vary): somebody who makes them up must not make each look-up slow.
  static constexpr std::size_t kVariantsMax = 16;

  using Heads = std::vector<std::shared_ptr<const StoredHead>>;

  explicit Shelf(std::uint64_t bytes_max) : bytes_max_(bytes_max) {}

  // The newest of that key that is for a request with these fields.
  std::optional<StoredResponse> find(std::string_view key, const http::FieldList& request_fields);

  // Puts a response in the place of what it replaces, unless that is newer. Says what had to make room.
  Heads add(StoredResponse response);

  // Takes responses off the shelf, and says which.
  Heads remove(const Purge& purge);
  void remove(const std::shared_ptr<const StoredHead>& head);

  std::size_t size() const { return order_.size(); }
  std::uint64_t bytes() const { return bytes_; }

 private:
  struct Place {
    StoredResponse response;
    bool used = false;
  };
  using Order = std::list<Place>;

  // Calls `visit(place)` for each of that key.
  template <class Visit>
  void for_each_of(std::string_view key, Visit visit) {
    const auto [begin, end] = by_key_.equal_range(key);
    for (auto at = begin; at != end; ++at) visit(at->second);
  }
  bool make_way(const StoredHead& head);
  void make_room(std::string_view key, std::uint64_t cost, Heads& gone);
  Order::iterator next_victim();
  void erase(Order::iterator place);

  std::uint64_t bytes_max_;
  std::uint64_t bytes_ = 0;
  Order order_;  // the newest first
  Order::iterator hand_ = order_.end();
  std::unordered_multimap<std::string_view, Order::iterator> by_key_;  // the keys stand in the heads
};

// Requests of which it is known that their responses cannot be kept, for a while: they need not wait for each other.
class PassMarks {
 public:
  static constexpr std::size_t kMarksMax = 4096;
  static constexpr std::chrono::seconds kLifetime{10};

  void add(const std::string& key, base::Instant now);
  bool has(const std::string& key, base::Instant now) const;

 private:
  std::unordered_map<std::string, base::Instant> until_;
};

}  // namespace gate::cache

#include "feature/cache/statement_cache.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "feature/cache/fetch.h"
#include "feature/cache/rules.h"

namespace gate::cache {

StatementCache::StatementCache(std::shared_ptr<const CacheSettings> settings, Store& store, loop::Loop& loop)
    : settings_(std::move(settings)), store_(store), loop_(loop), shelf_(settings_->memory_bytes_max) {
  store_.enter(*this);
}

StatementCache::~StatementCache() {
  fetches_.clear();
  ended_.clear();
  shelf_.remove(Purge{});
  count_shelf();
  store_.leave(*this);
}

std::optional<StoredResponse> StatementCache::find(const http::Request& request, std::string_view key) {
  auto found = shelf_.find(key, request.fields);
  if (found && !found->head->for_everyone && has_cookie(request.fields, *settings_)) return std::nullopt;
  return found;
}

void StatementCache::keep(const StoredResponse& response) {
  put_on_shelf(response);
  store_.counters().stored.add();
  if (auto* const at = disk()) at->save(settings_, response);
}

void StatementCache::put_on_shelf(const StoredResponse& response) {
  ShelfChange change{.statement = settings_, .removed = shelf_.add(response), .added = response};
  count_shelf();
  store_.counters().evicted.add(change.removed.size());
  store_.tell_others(change);
}

bool StatementCache::look_up(const Fetch& fetch) {
  auto* const at = disk();
  if (at) at->load(settings_, fetch.key(), {.worker = store_.worker(), .fetch = fetch.number()});
  return at != nullptr;
}

void StatementCache::loaded(std::uint64_t number, const Loaded& found) {
  const auto asker = std::ranges::find(fetches_, number, [](const auto& fetch) { return fetch->number(); });
  if (asker == fetches_.end()) return;
  Fetch& fetch = **asker;
  for (const StoredResponse& response : found) {
    if (fetch.doomed()) break;
    StoredHead head = *response.head;
    head.worker = store_.worker();
    put_on_shelf({std::make_shared<const StoredHead>(std::move(head)), response.body});
  }
  fetch.looked_up();
}

void StatementCache::invalidate(const std::string& key) {
  const Purge purge{.by = Purge::By::kKey, .text = key};
  ShelfChange change{.statement = settings_, .removed = remove(purge), .purge = purge};
  store_.tell_others(change);
}

// What is being fetched may have been made before the purge.
Shelf::Heads StatementCache::remove(const Purge& purge) {
  for (const auto& fetch : fetches_) {
    if (purge.by != Purge::By::kKey || fetch->key() == purge.text) fetch->doom();
  }
  std::erase_if(joinable_, [](const auto& entry) { return entry.second->doomed(); });
  if (auto* const at = disk()) at->remove(settings_, purge);
  auto gone = shelf_.remove(purge);
  count_shelf();
  return gone;
}

void StatementCache::count_shelf() {
  observe::CacheCounters& counters = store_.counters();
  counters.responses.add(shelf_.size());
  counters.responses.subtract(std::exchange(responses_counted_, shelf_.size()));
  counters.bytes.add(shelf_.bytes());
  counters.bytes.subtract(std::exchange(bytes_counted_, shelf_.bytes()));
}

std::size_t StatementCache::purge(const Purge& purge) {
  ShelfChange change{.statement = settings_};
  const auto gone = remove(purge);
  for (const auto& head : gone) {
    if (head->worker == store_.worker()) change.removed.push_back(head);
  }
  if (!change.removed.empty()) store_.tell_others(change);
  return gone.size();
}

void StatementCache::apply(const ShelfChange& change) {
  for (const auto& head : change.removed) shelf_.remove(head);
  if (change.purge) purge(*change.purge);
  if (change.added) shelf_.add(*change.added);
  count_shelf();
}

std::string StatementCache::fetch_key(const http::Request& request, std::string_view key) const {
  return std::string(key) + (has_cookie(request.fields, *settings_) ? " with cookies" : "");
}

Fetch* StatementCache::find_fetch(const std::string& fetch_key) {
  const auto found = joinable_.find(fetch_key);
  return found == joinable_.end() ? nullptr : found->second;
}

Fetch* StatementCache::begin_fetch(const http::Exchange& asked_by, const std::string& key,
                                   std::optional<StoredResponse> kept) {
  if (fetches_.size() >= kFetchesMax) return nullptr;
  fetches_.push_back(std::make_unique<Fetch>(*this, next_fetch_++, asked_by, key, std::move(kept)));
  Fetch* const fetch = fetches_.back().get();
  joinable_[fetch->fetch_key()] = fetch;
  return fetch;
}

void StatementCache::close_fetch(const Fetch& fetch) {
  const auto found = joinable_.find(fetch.fetch_key());
  if (found != joinable_.end() && found->second == &fetch) joinable_.erase(found);
}

void StatementCache::end_fetch(const Fetch& fetch) {
  close_fetch(fetch);
  const auto owned = std::ranges::find(fetches_, &fetch, [](const auto& each) { return each.get(); });
  GATE_CHECK(owned != fetches_.end());
  ended_.push_back(std::move(*owned));
  loop_.schedule(*this);
  fetches_.erase(owned);
}

void StatementCache::on_turn_end() { ended_.clear(); }

bool StatementCache::take_room(std::size_t bytes) {
  if (room_taken_ + bytes > settings_->memory_bytes_max) return false;
  room_taken_ += bytes;
  return true;
}

}  // namespace gate::cache

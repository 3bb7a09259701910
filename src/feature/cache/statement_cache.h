#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feature/cache/settings.h"
#include "feature/cache/shelf.h"
#include "feature/cache/store.h"
#include "http/exchange.h"
#include "loop/loop.h"

namespace gate::cache {

class Fetch;

// What one `cache` statement has on one worker: its shelf, and what is being fetched for it.
class StatementCache final : private loop::TurnEnd {
 public:
  // Requests of the cache's own under way: somebody who asks for ever new addresses. Above it requests pass.
  static constexpr std::size_t kFetchesMax = 1024;

  // All outlive it.
  StatementCache(std::shared_ptr<const CacheSettings> settings, Store& store, loop::Loop& loop);
  ~StatementCache() override;
  StatementCache(const StatementCache&) = delete;
  StatementCache& operator=(const StatementCache&) = delete;

  const CacheSettings& settings() const { return *settings_; }
  Store& store() { return store_; }
  loop::Loop& loop() { return loop_; }
  // What stands behind the statement.
  http::Service& rest() { return *rest_; }
  void precede(http::Service& rest) { rest_ = &rest; }

  // The kept response for the request, be it fresh or stale. One that was not made for everyone is not for requests
  // with cookies.
  std::optional<StoredResponse> find(const http::Request& request, std::string_view key);
  // Keeps it, on all workers.
  void keep(const StoredResponse& response);
  // Asks the disk for what it has of the fetch's key; false when there is none to ask.
  bool look_up(const Fetch& fetch);
  // RFC 9111 4.4, on all workers.
  void invalidate(const std::string& key);

  // Fetches are told apart, and their responses known not to be storable, by the key and whether there are cookies.
  std::string fetch_key(const http::Request& request, std::string_view key) const;
  Fetch* find_fetch(const std::string& fetch_key);
  // Null when there are too many. `kept` is what the server is asked about, if anything.
  Fetch* begin_fetch(const http::Exchange& asked_by, const std::string& key, std::optional<StoredResponse> kept);
  // From now on nobody waits for it who does not already.
  void close_fetch(const Fetch& fetch);
  void end_fetch(const Fetch& fetch);
  PassMarks& pass_marks() { return pass_marks_; }

  // Room for bodies that are coming, as much again as for those that are kept; false when it is spent.
  bool take_room(std::size_t bytes);
  void give_room(std::size_t bytes) { room_taken_ -= bytes; }

  // From the store.
  const CacheSettings* statement() const { return settings_.get(); }
  void apply(const ShelfChange& change);
  void loaded(std::uint64_t fetch, const Loaded& found);
  std::size_t purge(const Purge& purge);
  const Shelf& shelf() const { return shelf_; }

 private:
  void on_turn_end() override;
  Shelf::Heads remove(const Purge& purge);
  void put_on_shelf(const StoredResponse& response);
  StoreDisk* disk() const { return settings_->disk_folder.empty() ? nullptr : store_.disk(); }
  void count_shelf();

  std::shared_ptr<const CacheSettings> settings_;
  Store& store_;
  loop::Loop& loop_;
  http::Service* rest_ = nullptr;
  Shelf shelf_;
  std::size_t responses_counted_ = 0;
  std::uint64_t bytes_counted_ = 0;
  PassMarks pass_marks_;
  std::uint64_t next_fetch_ = 1;
  std::uint64_t room_taken_ = 0;
  std::map<std::string, Fetch*, std::less<>> joinable_;  // by fetch_key
  std::vector<std::unique_ptr<Fetch>> fetches_;
  // Until the next turn, for their own functions may be on the stack; not in the loop's graveyard, which may outlive
  // the services that their responses come from.
  std::vector<std::unique_ptr<Fetch>> ended_;
};

}  // namespace gate::cache

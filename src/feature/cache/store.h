#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/arena.h"
#include "feature/cache/settings.h"
#include "feature/cache/shelf.h"
#include "feature/cache/stored_response.h"
#include "observe/worker_metrics.h"

namespace gate::cache {

// A statement of the configuration: the same object on all workers.
using Statement = std::shared_ptr<const CacheSettings>;

// What one worker tells the others of the shelves for one statement. They carry out removals first.
struct ShelfChange {
  Statement statement;
  Shelf::Heads removed{};
  std::optional<Purge> purge{};
  std::optional<StoredResponse> added{};
};

// The way to the stores of the other workers. What one store tells arrives in that order.
class StorePeers {
 public:
  // `from` is the worker whose store it comes from.
  virtual void tell_others(std::size_t from, const ShelfChange& change) = 0;

 protected:
  ~StorePeers() = default;
};

// Who waits for what is read from a disk.
struct FetchAddress {
  std::size_t worker = 0;
  std::uint64_t fetch = 0;
};
using Loaded = std::vector<StoredResponse>;

// Where statements keep responses beyond memory. What one store asks is done in that order, and later.
class StoreDisk {
 public:
  virtual void save(const Statement& statement, const StoredResponse& response) = 0;
  // Comes back as Store::loaded() on the worker.
  virtual void load(const Statement& statement, const std::string& key, FetchAddress asker) = 0;
  virtual void remove(const Statement& statement, const Purge& purge) = 0;

 protected:
  ~StoreDisk() = default;
};

class StatementCache;

// All that one worker keeps of responses. Each response is in memory once: the workers' shelves point to the same one.
// Whoever stores, evicts or invalidates one tells the others, and whoever has stored one also tells when it is gone, so
// that a message that was on its way meanwhile changes nothing for long.
class Store {
 public:
  // What there is now, of all statements. The same on each worker, but for what is under way between them.
  struct Contents {
    std::size_t responses = 0;
    std::uint64_t bytes = 0;
    std::uint64_t bytes_max = 0;
  };

  // `peers` and `disk` are null where there are none. All outlive the store.
  Store(std::size_t worker, StorePeers* peers, StoreDisk* disk, observe::CacheCounters& counters)
      : worker_(worker), peers_(peers), disk_(disk), counters_(counters) {}

  std::size_t worker() const { return worker_; }
  observe::CacheCounters& counters() { return counters_; }
  base::BlockPool& blocks() { return blocks_; }

  // A statement's part is here while its service lives.
  void enter(StatementCache& part) { parts_.push_back(&part); }
  void leave(const StatementCache& part) { std::erase(parts_, &part); }

  void tell_others(const ShelfChange& change) {
    if (peers_) peers_->tell_others(worker_, change);
  }

  StoreDisk* disk() { return disk_; }

  // On the worker's thread: what another one tells.
  void receive(const ShelfChange& change);
  // What was read from the disk.
  void loaded(const Statement& statement, FetchAddress asker, const Loaded& found);
  // Purges of all statements; says how many responses are gone.
  std::size_t purge(const Purge& purge);
  Contents contents() const;

 private:
  std::size_t worker_;
  StorePeers* peers_;
  StoreDisk* disk_;
  observe::CacheCounters& counters_;
  base::BlockPool blocks_;
  std::vector<StatementCache*> parts_;
};

}  // namespace gate::cache

#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/clock.h"
#include "feature/cache/disk_folder.h"
#include "feature/cache/store.h"

namespace gate::app {

class WorkerPool;

// The thread that reads and writes the folders of `cache` statements, so that no worker waits for a disk. Folders are
// opened when they are first asked for.
class CacheDisk final : public cache::StoreDisk {
 public:
  // Bodies on their way to a disk that is slower than the servers: what comes then is kept in memory only.
  static constexpr std::size_t kQueuedBytesMax = std::size_t{64} << 20;

  // All outlive it.
  CacheDisk(const WorkerPool& workers, const base::Clock& clock) : workers_(workers), clock_(clock) {}
  ~CacheDisk();

  // cache::StoreDisk, from any worker. What is asked is done in that order.
  void save(const cache::Statement& statement, const cache::StoredResponse& response) override;
  void load(const cache::Statement& statement, const std::string& key, cache::FetchAddress asker) override;
  void remove(const cache::Statement& statement, const cache::Purge& purge) override;

  // Of all folders. From any thread.
  cache::DiskFolder::Counts counts() const;

  // Ends the thread, when what is queued is written.
  void stop();

 private:
  using Task = std::function<void()>;

  void queue(Task task, std::size_t bytes);
  void run();
  cache::DiskFolder* folder_of(const cache::CacheSettings& settings);
  bool take_stock();
  void count();

  const WorkerPool& workers_;
  const base::Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::pair<Task, std::size_t>> tasks_;
  std::size_t queued_bytes_ = 0;
  cache::DiskFolder::Counts counts_;  // of the folders, when the thread last looked
  std::uint64_t left_out_ = 0;        // the queue was full
  bool stopping_ = false;
  std::thread thread_;

  // The thread's own.
  std::uint64_t unopened_ = 0;                                         // responses for folders that cannot be opened
  std::map<std::string, std::unique_ptr<cache::DiskFolder>> folders_;  // null: it cannot be opened
};

}  // namespace gate::app

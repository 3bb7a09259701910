#include "app/cache_disk.h"

#include <pthread.h>

#include <utility>

#include "app/worker_pool.h"

namespace gate::app {
namespace {

// Between two looks at what is asked: a folder with many files is taken in beside the work.
constexpr std::size_t kStockSlice = 64;

}  // namespace

CacheDisk::~CacheDisk() { stop(); }

void CacheDisk::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

// The thread is there from the first task on: most servers have none.
void CacheDisk::queue(Task task, std::size_t bytes) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    if (queued_bytes_ + bytes > kQueuedBytesMax) {
      ++left_out_;
      return;
    }
    queued_bytes_ += bytes;
    tasks_.emplace_back(std::move(task), bytes);
    if (!thread_.joinable()) {
      thread_ = std::thread([this] { run(); });
      pthread_setname_np(thread_.native_handle(), "cache");
    }
  }
  changed_.notify_one();
}

void CacheDisk::run() {
  bool stock_left = false;
  std::unique_lock lock(mutex_);
  while (true) {
    if (!stock_left) changed_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
    if (tasks_.empty() && stopping_) return;
    Task task;
    if (!tasks_.empty()) {
      task = std::move(tasks_.front().first);
      queued_bytes_ -= tasks_.front().second;
      tasks_.pop_front();
    }
    lock.unlock();
    if (task) task();
    stock_left = take_stock();
    lock.lock();
    count();
  }
}

bool CacheDisk::take_stock() {
  bool left = false;
  for (const auto& [path, folder] : folders_) left = (folder && folder->take_stock(kStockSlice)) || left;
  return left;
}

void CacheDisk::count() {
  counts_ = {.failed = unopened_};
  for (const auto& [path, folder] : folders_) {
    if (!folder) continue;
    const auto& more = folder->counts();
    counts_.files += more.files;
    counts_.bytes += more.bytes;
    counts_.damaged += more.damaged;
    counts_.failed += more.failed;
  }
}

cache::DiskFolder::Counts CacheDisk::counts() const {
  const std::lock_guard lock(mutex_);
  auto counts = counts_;
  counts.failed += left_out_;
  return counts;
}

cache::DiskFolder* CacheDisk::folder_of(const cache::CacheSettings& settings) {
  const auto [place, added] = folders_.try_emplace(settings.disk_folder);
  if (added) {
    auto folder = cache::DiskFolder::open(settings.disk_folder, settings.disk_bytes_max, clock_);
    if (folder) place->second = *std::move(folder);
  }
  if (place->second) place->second->limit(settings.disk_bytes_max);
  return place->second.get();
}

void CacheDisk::save(const cache::Statement& statement, const cache::StoredResponse& response) {
  queue(
      [this, statement, response] {
        if (auto* const folder = folder_of(*statement)) {
          folder->save(response);
        } else {
          ++unopened_;
        }
      },
      response.cost());
}

void CacheDisk::load(const cache::Statement& statement, const std::string& key, cache::FetchAddress asker) {
  queue(
      [this, statement, key, asker] {
        auto* const folder = folder_of(*statement);
        cache::Store& store = workers_.responses(asker.worker);
        workers_.worker(asker.worker)
            .post([&store, statement, asker, found = folder ? folder->load(key) : cache::Loaded{}] {
              store.loaded(statement, asker, found);
            });
      },
      0);
}

void CacheDisk::remove(const cache::Statement& statement, const cache::Purge& purge) {
  queue(
      [this, statement, purge] {
        if (auto* const folder = folder_of(*statement)) folder->remove(purge);
      },
      0);
}

}  // namespace gate::app

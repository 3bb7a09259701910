#include "feature/cache/disk_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <system_error>
#include <utility>

#include "feature/cache/stored_file.h"
#include "os/file.h"

namespace gate::cache {
namespace {

constexpr std::string_view kSuffix = ".response";

// Two addresses with the same name take each other's place; which one a file holds is looked at when it is read.
std::string name_of(const StoredHead& head) {
  std::string variant;
  for (const auto& [name, value] : head.vary) variant += fmt::format("{}\n{}\n", name, value);
  return fmt::format("{:016x}-{:016x}{}", std::hash<std::string>{}(head.key), std::hash<std::string>{}(variant),
                     kSuffix);
}

std::string read_start(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string start(kStoredHeadBytesMax, '\0');
  file.read(start.data(), static_cast<std::streamsize>(start.size()));
  start.resize(static_cast<std::size_t>(file.gcount()));
  return start;
}

}  // namespace

base::Result<std::unique_ptr<DiskFolder>> DiskFolder::open(const std::string& path, std::uint64_t bytes_max,
                                                           const base::Clock& clock) {
  GATE_TRY(os::make_directories(path, 0700));
  auto folder = std::make_unique<DiskFolder>(path, bytes_max, clock);
  std::error_code failed;
  folder->stock_ = std::filesystem::directory_iterator(path, failed);
  return folder;
}

bool DiskFolder::take_stock(std::size_t files_max) {
  std::error_code failed;
  for (std::size_t count = 0; count < files_max && stock_ != std::filesystem::directory_iterator(); ++count) {
    take_in(*stock_);
    stock_.increment(failed);
    if (failed) stock_ = {};
  }
  return stock_ != std::filesystem::directory_iterator();
}

// Files of other names are somebody else's, and stay.
void DiskFolder::take_in(const std::filesystem::directory_entry& entry) {
  std::string name = entry.path().filename().string();
  if (!name.ends_with(kSuffix) || by_name_.contains(name)) return;
  std::error_code failed;
  const std::uint64_t bytes = entry.file_size(failed);
  const auto head = failed ? std::nullopt : decode_stored_head(read_start(entry.path()), clock_);
  if (!head || name_of(*head) != name) {
    ++counts_.damaged;
    std::filesystem::remove(entry.path(), failed);
    return;
  }
  add({.name = std::move(name), .key = head->key, .tags = head->tags, .bytes = bytes});
  make_room(0);
}

void DiskFolder::limit(std::uint64_t bytes_max) {
  bytes_max_ = bytes_max;
  make_room(0);
}

void DiskFolder::save(const StoredResponse& response) {
  const auto bytes = encode_stored(response, clock_);
  if (!bytes || bytes->size() > bytes_max_) return;
  File file{
      .name = name_of(*response.head), .key = response.head->key, .tags = response.head->tags, .bytes = bytes->size()};
  if (const auto before = by_name_.find(file.name); before != by_name_.end()) forget(before->second);
  make_room(file.bytes);
  if (!os::write_file_atomically(path_of(file), *bytes, 0600)) {
    ++counts_.failed;
    std::error_code failed;  // what it was to replace is no longer true
    std::filesystem::remove(path_of(file), failed);
    return;
  }
  add(std::move(file));
}

void DiskFolder::add(File file) {
  counts_.bytes += file.bytes;
  ++counts_.files;
  order_.push_front(std::move(file));
  by_name_.emplace(order_.front().name, order_.begin());
  by_key_.emplace(order_.front().key, order_.begin());
}

void DiskFolder::make_room(std::uint64_t bytes) {
  while (!order_.empty() && (counts_.bytes + bytes > bytes_max_ || order_.size() > kFilesMax)) {
    erase(std::prev(order_.end()));
  }
}

std::vector<StoredResponse> DiskFolder::load(std::string_view key) {
  std::vector<Order::iterator> files;
  const auto [begin, end] = by_key_.equal_range(key);
  for (auto at = begin; at != end; ++at) files.push_back(at->second);
  std::vector<StoredResponse> found;
  for (const auto file : files) {
    const auto bytes = os::read_file(path_of(*file), file->bytes);
    auto response = bytes ? decode_stored(*bytes, clock_) : std::nullopt;
    if (!response || response->head->key != key) {
      ++counts_.damaged;
      erase(file);
      continue;
    }
    order_.splice(order_.begin(), order_, file);
    found.push_back(*std::move(response));
  }
  std::ranges::sort(found, std::greater{}, [](const auto& each) { return each.head->freshness.received_at; });
  if (found.size() > kLoadedMax) found.resize(kLoadedMax);
  return found;
}

// What is not in the index yet may be meant too.
void DiskFolder::remove(const Purge& purge) {
  while (take_stock(kFilesMax)) {
  }
  for (auto file = order_.begin(); file != order_.end();) {
    const auto next = std::next(file);
    if (purge.takes(file->key, file->tags)) erase(file);
    file = next;
  }
}

void DiskFolder::forget(Order::iterator file) {
  counts_.bytes -= file->bytes;
  --counts_.files;
  by_name_.erase(file->name);
  const auto [begin, end] = by_key_.equal_range(file->key);
  by_key_.erase(std::find_if(begin, end, [&](const auto& entry) { return entry.second == file; }));
  order_.erase(file);
}

void DiskFolder::erase(Order::iterator file) {
  std::error_code failed;  // then it is found, and dropped, at the next start
  std::filesystem::remove(path_of(*file), failed);
  forget(file);
}

}  // namespace gate::cache

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "feature/cache/shelf.h"
#include "feature/cache/stored_response.h"

namespace gate::cache {

// Kept responses as the files of one folder: a file a response, and an index in memory that is made anew from the files
// at each start. Bounded by bytes and files; what was not asked for longest makes room. Every call may wait for the
// disk. One thread only.
class DiskFolder {
 public:
  // Memory for the index, should all responses be tiny.
  static constexpr std::size_t kFilesMax = 200'000;
  // How many variants of an address are given out.
  static constexpr std::size_t kLoadedMax = 4;

  struct Counts {
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
    std::uint64_t damaged = 0;  // files that were dropped
    std::uint64_t failed = 0;   // responses that could not be written
  };

  // Makes the folder. Nothing of it is read before take_stock().
  static base::Result<std::unique_ptr<DiskFolder>> open(const std::string& path, std::uint64_t bytes_max,
                                                        const base::Clock& clock);
  DiskFolder(std::string path, std::uint64_t bytes_max, const base::Clock& clock)
      : path_(std::move(path)), bytes_max_(bytes_max), clock_(clock) {}

  // Takes the next files that are there already into the index; false once all are.
  bool take_stock(std::size_t files_max);

  void limit(std::uint64_t bytes_max);
  void save(const StoredResponse& response);
  // The variants of that key, the newest first.
  std::vector<StoredResponse> load(std::string_view key);
  void remove(const Purge& purge);

  const Counts& counts() const { return counts_; }

 private:
  struct File {
    std::string name;
    std::string key;
    std::vector<std::string> tags;
    std::uint64_t bytes = 0;
  };
  using Order = std::list<File>;

  std::string path_of(const File& file) const { return path_ + "/" + file.name; }
  void take_in(const std::filesystem::directory_entry& entry);
  void add(File file);
  void make_room(std::uint64_t bytes);
  void forget(Order::iterator file);
  void erase(Order::iterator file);

  std::string path_;
  std::uint64_t bytes_max_;
  const base::Clock& clock_;
  std::filesystem::directory_iterator stock_;
  Order order_;                                                    // what was asked for last comes first
  std::unordered_map<std::string_view, Order::iterator> by_name_;  // the texts stand in the files' records
  std::unordered_multimap<std::string_view, Order::iterator> by_key_;
  Counts counts_;
};

}  // namespace gate::cache

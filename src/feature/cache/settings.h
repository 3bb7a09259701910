#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "feature/cache/cache_control.h"

namespace gate::cache {

// What a `cache` statement says; the comments are in cache.md.
struct CacheSettings {
  // How long responses of a status are good that do not say it themselves.
  struct Lifetime {
    std::uint16_t status = 0;
    Seconds lifetime{};
  };

  std::uint64_t memory_bytes_max = std::uint64_t{64} << 20;
  // Where responses are kept beyond memory and restarts; empty: nowhere.
  std::string disk_folder{};
  std::uint64_t disk_bytes_max = 0;
  // One response that pushes out all others.
  std::uint64_t response_bytes_max = std::uint64_t{8} << 20;
  std::vector<Lifetime> lifetimes{};
  // An error that somebody provoked, shown to everybody for as long as the page would be.
  Seconds error_lifetime_max{10};
  Seconds stale_while_revalidate{0};
  Seconds stale_if_error{0};
  // Of requests for a response that is being fetched already: behind a server that does not answer they would pile up.
  std::chrono::milliseconds wait_max{5'000};
  std::size_t waiting_max = 1'000;
  // Requests with cookies are like all others.
  bool ignores_cookies = false;
};

}  // namespace gate::cache

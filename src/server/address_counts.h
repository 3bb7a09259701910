#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/clock.h"
#include "base/ip.h"

namespace gate::server {

// Counts what each client address holds, across all workers, in a fixed amount of memory and without a lock: a
// count-min sketch. A count is never too low; it is too high only when an address collides with others in every row,
// which the keyed hash makes unlikely and impossible to aim for. IPv6 clients are counted by their /64, the least a
// subscriber gets.
class AddressCounts {
 public:
  explicit AddressCounts(base::Random& random);

  // Counts one more for `address`, unless it holds `most` already. Any thread.
  [[nodiscard]] bool add(const base::IpAddress& address, std::uint32_t most);
  void subtract(const base::IpAddress& address);

 private:
  static constexpr std::size_t kRows = 3;
  static constexpr std::size_t kColumns = std::size_t{1} << 14;

  using Cell = std::atomic<std::uint32_t>;
  struct Cells {
    Cell* row[kRows];
  };
  Cells cells_of(const base::IpAddress& address);

  std::uint64_t key_[2] = {};
  std::unique_ptr<Cell[]> cells_ = std::make_unique<Cell[]>(kRows * kColumns);
};

}  // namespace gate::server

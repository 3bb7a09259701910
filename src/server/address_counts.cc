#include "server/address_counts.h"

#include <algorithm>
#include <span>

#include "base/bytes.h"

namespace gate::server {
namespace {

// A 64-bit mixing step with full avalanche (the finaliser of MurmurHash3).
std::uint64_t mix(std::uint64_t x) {
  x ^= x >> 33;
  x *= 0xff51afd7ed558ccdULL;
  x ^= x >> 33;
  x *= 0xc4ceb9fe1a85ec53ULL;
  return x ^ x >> 33;
}

}  // namespace

AddressCounts::AddressCounts(base::Random& random) { random.fill(std::as_writable_bytes(std::span(key_))); }

AddressCounts::Cells AddressCounts::cells_of(const base::IpAddress& address) {
  base::ByteReader reader(std::as_bytes(address.octets()));
  const std::uint64_t network = reader.u64().value_or(0);
  const std::uint64_t host = address.is_v4() ? reader.u64().value_or(0) : 0;
  std::uint64_t hash = mix(mix(network ^ key_[0]) ^ host ^ key_[1]);
  Cells cells{};
  for (std::size_t row = 0; row < kRows; ++row) {
    cells.row[row] = &cells_[row * kColumns + (hash & (kColumns - 1))];
    hash >>= 16;
  }
  return cells;
}

bool AddressCounts::add(const base::IpAddress& address, std::uint32_t most) {
  const Cells cells = cells_of(address);
  std::uint32_t held = UINT32_MAX;
  for (Cell* cell : cells.row) held = std::min(held, cell->load(std::memory_order_relaxed));
  if (held >= most) return false;
  for (Cell* cell : cells.row) cell->fetch_add(1, std::memory_order_relaxed);
  return true;
}

void AddressCounts::subtract(const base::IpAddress& address) {
  for (Cell* cell : cells_of(address).row) cell->fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace gate::server

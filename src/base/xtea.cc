#include "base/xtea.h"

#include "base/bytes.h"

namespace gate::base {
namespace {

std::uint32_t mix(std::uint32_t half) { return ((half << 4) ^ (half >> 5)) + half; }

std::uint64_t joined(std::uint32_t high, std::uint32_t low) { return std::uint64_t{high} << 32 | low; }

}  // namespace

Xtea::Xtea(std::span<const std::byte, 16> key) {
  constexpr std::uint32_t kDelta = 0x9e3779b9;
  std::array<std::uint32_t, 4> words{};
  ByteReader reader(key);
  for (auto& word : words) word = reader.u32().value_or(0);
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < kHalfRounds; i += 2) {
    round_keys_[i] = sum + words[sum & 3];
    sum += kDelta;
    round_keys_[i + 1] = sum + words[(sum >> 11) & 3];
  }
}

std::uint64_t Xtea::encrypt(std::uint64_t block) const {
  auto high = static_cast<std::uint32_t>(block >> 32);
  auto low = static_cast<std::uint32_t>(block);
  for (std::size_t i = 0; i < kHalfRounds; i += 2) {
    high += mix(low) ^ round_keys_[i];
    low += mix(high) ^ round_keys_[i + 1];
  }
  return joined(high, low);
}

std::uint64_t Xtea::decrypt(std::uint64_t block) const {
  auto high = static_cast<std::uint32_t>(block >> 32);
  auto low = static_cast<std::uint32_t>(block);
  for (std::size_t i = kHalfRounds; i > 0; i -= 2) {
    low -= mix(high) ^ round_keys_[i - 1];
    high -= mix(low) ^ round_keys_[i - 2];
  }
  return joined(high, low);
}

}  // namespace gate::base

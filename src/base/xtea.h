#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace gate::base {

// XTEA, a block cipher of 64-bit blocks and 128-bit keys in 32 cycles (Needham and Wheeler, "Tea extensions", 1997).
//
// Not for secrets: it is here because the kernel's classic BPF can compute it, where there are 32-bit additions, shifts
// and exclusive ors, but neither tables nor loops, so no AES. It hides which worker a connection id belongs to.
class Xtea {
 public:
  // Two half rounds a cycle, each with a key of its own.
  static constexpr std::size_t kHalfRounds = 64;
  using RoundKeys = std::array<std::uint32_t, kHalfRounds>;

  explicit Xtea(std::span<const std::byte, 16> key);

  // A block is its eight octets as a big-endian number.
  std::uint64_t encrypt(std::uint64_t block) const;
  std::uint64_t decrypt(std::uint64_t block) const;

  // In the order of encryption: those of even index change the block's high half.
  const RoundKeys& round_keys() const { return round_keys_; }

 private:
  RoundKeys round_keys_{};
};

}  // namespace gate::base

#include "feature/proxy/websocket.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace gate::proxy {

std::string_view new_websocket_key(base::Random& random, base::Arena& arena) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  constexpr std::size_t kNonceBytes = 16;
  constexpr std::size_t kKeyBytes = 24;
  std::array<std::byte, kNonceBytes + 2> nonce{};  // padded to whole groups of three
  random.fill(std::span(nonce).first<kNonceBytes>());
  const auto key = arena.make_array<char>(kKeyBytes);
  for (std::size_t group = 0; group < nonce.size() / 3; ++group) {
    const auto at = [&](std::size_t i) { return std::to_integer<std::uint32_t>(nonce[group * 3 + i]); };
    const std::uint32_t bits = at(0) << 16 | at(1) << 8 | at(2);
    for (std::size_t i = 0; i < 4; ++i) key[group * 4 + i] = kDigits[bits >> (18 - 6 * i) & 63];
  }
  // RFC 4648 4: two octets are missing from the last group.
  key[kKeyBytes - 2] = key[kKeyBytes - 1] = '=';
  return {key.data(), key.size()};
}

}  // namespace gate::proxy

#include "jose/base64url.h"

#include <array>
#include <cstdint>

namespace gate::jose {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr unsigned kBits = 6;
constexpr std::uint32_t kMask = 0x3f;
constexpr std::int8_t kNone = -1;

constexpr std::array<std::int8_t, 256> kValues = [] {
  std::array<std::int8_t, 256> values{};
  values.fill(kNone);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::int8_t>(i);
  }
  return values;
}();

}  // namespace

std::string to_base64url(base::ByteView bytes) {
  std::string text;
  text.reserve((bytes.size() * 4 + 2) / 3);
  std::uint32_t held = 0;
  unsigned bits = 0;
  for (const std::byte byte : bytes) {
    held = held << 8 | std::to_integer<std::uint32_t>(byte);
    for (bits += 8; bits >= kBits; bits -= kBits) text += kAlphabet[held >> (bits - kBits) & kMask];
  }
  if (bits > 0) text += kAlphabet[held << (kBits - bits) & kMask];
  return text;
}

std::optional<std::vector<std::byte>> from_base64url(std::string_view text) {
  std::vector<std::byte> bytes;
  bytes.reserve(text.size() * 3 / 4);
  std::uint32_t held = 0;
  unsigned bits = 0;
  for (const char c : text) {
    const std::int8_t value = kValues[static_cast<unsigned char>(c)];
    if (value == kNone) return std::nullopt;
    held = held << kBits | static_cast<std::uint32_t>(value);
    bits += kBits;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push_back(static_cast<std::byte>(held >> bits));
  }
  const bool whole = bits < kBits && (held & ((1U << bits) - 1)) == 0;
  if (!whole) return std::nullopt;
  return bytes;
}

}  // namespace gate::jose

#include "quic/packet_protection.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace gate::quic {
namespace {

std::vector<std::byte> from_hex(std::string_view text) {
  std::vector<std::byte> bytes;
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<std::byte>(digit(text[i]) * 16 + digit(text[i + 1])));
  }
  return bytes;
}

std::array<std::byte, kSampleBytes> sample(std::string_view text) {
  std::array<std::byte, kSampleBytes> bytes{};
  base::copy_bytes(bytes, from_hex(text));
  return bytes;
}

std::string hex(base::ByteView bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const std::byte each : bytes) {
    text += kDigits[std::to_integer<std::size_t>(each >> 4)];
    text += kDigits[std::to_integer<std::size_t>(each & std::byte{0xf})];
  }
  return text;
}

const std::vector<std::byte> kClientId = from_hex("8394c8f03e515708");

TEST(PacketProtection, DerivesTheInitialKeysOfRfc9001A1) {
  const auto secrets = initial_secrets(kVersion1, kClientId);
  EXPECT_EQ(hex(secrets.client), "c00cf151ca5be075ed0ebfb5c80323c42d6b7db67881289af4008f1f6c357aea");
  EXPECT_EQ(hex(secrets.server), "3c199828fd139efd216c155ad844cc81fb82fa8d7446fa7d78be803acdda951b");
  const auto keys = derive_keys(initial_suite(), kVersion1, secrets.client);
  EXPECT_EQ(hex(std::span(keys.key).first(16)), "1f369613dd76d5467730efcbe3b1a22d");
  EXPECT_EQ(hex(keys.iv), "fa044b2f42a3fd3b46fb255c");
  EXPECT_EQ(hex(std::span(keys.header_key).first(16)), "9f50449e04a0e810283a1e9933adedd2");
}

TEST(PacketProtection, DerivesTheInitialKeysOfRfc9369A1) {
  const auto secrets = initial_secrets(kVersion2, kClientId);
  EXPECT_EQ(hex(secrets.client), "14ec9d6eb9fd7af83bf5a668bc17a7e283766aade7ecd0891f70f9ff7f4bf47b");
  const auto keys = derive_keys(initial_suite(), kVersion2, secrets.client);
  EXPECT_EQ(hex(std::span(keys.key).first(16)), "8b1a0bc121284290a29e0971b5cd045d");
  EXPECT_EQ(hex(keys.iv), "91f73e2351d8fa91660e909f");
  EXPECT_EQ(hex(std::span(keys.header_key).first(16)), "45b95e15235d6f45a6b19cbcb0294ba9");
}

TEST(PacketProtection, MasksHeadersWithAesAsInRfc9001A2) {
  const auto keys = derive_keys(initial_suite(), kVersion1, initial_secrets(kVersion1, kClientId).client);
  const HeaderKey key(HeaderCipher::kAes128, std::span(keys.header_key).first(16));
  std::array<std::byte, 5> mask{};
  key.mask(mask, sample("d1b1c98dd7689fb8ec11d242b123dc9b"));
  EXPECT_EQ(hex(mask), "437b9aec36");
}

TEST(PacketProtection, ProtectsWithChaChaAsInRfc9001A5) {
  const Suite& suite = *find_suite(0x1303);
  const auto secret = from_hex("9ac312a7f877468ebe69422748ad00a15443f18203a07d6060f688f30f21632b");
  const auto keys = derive_keys(suite, kVersion1, secret);
  EXPECT_EQ(hex(keys.key), "c6d98ff3441c3fe1b2182094f69caa2ed4b716b65488960a7a984979fb23e1c8");
  EXPECT_EQ(hex(keys.iv), "e0459b3474bdd0e44a41c144");
  EXPECT_EQ(hex(keys.header_key), "25a282b9e82f06f21f488917a4fc8f1b73573685608597d0efcb076b0ab7a7a4");
  std::vector<std::byte> next(secret.size());
  derive_next_secret(suite, kVersion1, secret, next);
  EXPECT_EQ(hex(next), "1223504755036d556342ee9361d253421a826c9ecdf3c7148684b36b714881f9");
  std::array<std::byte, 5> mask{};
  HeaderKey(suite.header_cipher, keys.header_key).mask(mask, sample("5e5cd55c41f69080575d7999c25a5bfb"));
  EXPECT_EQ(hex(mask), "aefefe7d03");
}

TEST(PacketProtection, KnowsTheSuitesOfQuicAndNoOther) {
  EXPECT_EQ(find_suite(0x1301), &initial_suite());
  EXPECT_EQ(find_suite(0x1302)->secret_bytes, 48U);
  EXPECT_EQ(find_suite(0x1304), nullptr);
  EXPECT_EQ(find_suite(0xc02f), nullptr);
}

}  // namespace
}  // namespace gate::quic

#include "quic/connection_id.h"

#include <openssl/siphash.h>

namespace gate::quic {
namespace {

constexpr unsigned kGenerationShift = 56;
constexpr std::uint64_t kRandomMask = (std::uint64_t{1} << ConnectionIdCodec::kWorkerShift) - 1;
constexpr std::uint8_t kFirstOctetRandomMask = 0x1f;

}  // namespace

std::optional<ConnectionId> ConnectionId::from(base::ByteView bytes) {
  if (bytes.size() > kBytesMax) return std::nullopt;
  ConnectionId id;
  base::copy_bytes(id.bytes_, bytes);
  id.size_ = static_cast<std::uint8_t>(bytes.size());
  return id;
}

std::size_t ConnectionIdHash::operator()(const ConnectionId& id) const {
  const auto bytes = id.bytes();
  return SIPHASH_24(key_.data(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

ConnectionId ConnectionIdCodec::encode(const ConnectionHome& home, base::Random& random) const {
  std::array<std::byte, kIdBytes> id{};
  random.fill(id);
  base::ByteReader drawn(id);
  const std::uint8_t first = drawn.u8().value_or(0) & kFirstOctetRandomMask;
  const std::uint64_t plain = std::uint64_t{home.generation} << kGenerationShift |
                              std::uint64_t{home.worker} << kWorkerShift | (drawn.u64().value_or(0) & kRandomMask);
  const std::uint64_t block = cipher_.encrypt(plain);
  id[0] = static_cast<std::byte>(first);
  for (std::size_t i = 0; i < 8; ++i) id[kBlockOffset + i] = static_cast<std::byte>(block >> (56 - 8 * i));
  return ConnectionId::from(id).value_or(ConnectionId());
}

std::optional<ConnectionHome> ConnectionIdCodec::decode(base::ByteView id) const {
  if (id.size() != kIdBytes) return std::nullopt;
  const auto encrypted = base::ByteReader(id.subspan(kBlockOffset)).u64();
  const std::uint64_t block = cipher_.decrypt(encrypted.value_or(0));
  return ConnectionHome{.generation = static_cast<std::uint8_t>(block >> kGenerationShift),
                        .worker = static_cast<std::uint8_t>(block >> kWorkerShift)};
}

std::optional<ConnectionId> destination_of(base::ByteView datagram) {
  constexpr std::byte kLongHeader{0x80};
  base::ByteReader reader(datagram);
  const auto first = reader.bytes(1);
  if (!first) return std::nullopt;
  if ((first->front() & kLongHeader) == std::byte{}) {
    const auto id = reader.bytes(ConnectionIdCodec::kIdBytes);
    return id ? ConnectionId::from(*id) : std::nullopt;
  }
  if (!reader.u32()) return std::nullopt;  // the version
  const auto id = reader.vector8();
  return id ? ConnectionId::from(*id) : std::nullopt;
}

}  // namespace gate::quic

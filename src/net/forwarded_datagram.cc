#include "net/forwarded_datagram.h"

#include <algorithm>
#include <array>
#include <concepts>

#include "base/check.h"

namespace gate::net {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::uint8_t kEcnMax = 3;

template <std::unsigned_integral T>
void put(std::span<std::byte>& rest, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) rest[i] = static_cast<std::byte>(value >> 8 * (sizeof(T) - 1 - i));
  rest = rest.subspan(sizeof(T));
}

void put(std::span<std::byte>& rest, base::ByteView bytes) {
  base::copy_bytes(rest, bytes);
  rest = rest.subspan(bytes.size());
}

void put(std::span<std::byte>& rest, const base::Endpoint& endpoint) {
  put(rest, std::as_bytes(endpoint.address.octets()));
  put(rest, endpoint.port);
}

// Nothing for one without a port.
std::optional<base::Endpoint> take_endpoint(base::ByteReader& reader) {
  std::array<std::uint8_t, 16> octets{};
  const auto address = reader.bytes(octets.size());
  const auto port = reader.u16();
  if (!address || port.value_or(0) == 0) return std::nullopt;
  base::copy_bytes(std::as_writable_bytes(std::span(octets)), *address);
  return base::Endpoint{base::IpAddress::v6(octets), *port};
}

}  // namespace

std::size_t write_forwarded(const os::DatagramTrain& datagram, std::span<std::byte, kForwardedBytesMax> into) {
  GATE_CHECK(datagram.bytes.size() <= os::UdpSocket::kTrainBytes);
  std::span<std::byte> rest = into;
  put(rest, kFormat);
  put(rest, datagram.ecn);
  put(rest, datagram.path.interface);
  put(rest, datagram.path.local);
  put(rest, datagram.path.peer);
  put(rest, datagram.bytes);
  return into.size() - rest.size();
}

std::optional<os::DatagramTrain> parse_forwarded(base::ByteView message) {
  base::ByteReader reader(message);
  const auto format = reader.u8();
  const auto ecn = reader.u8();
  const auto interface = reader.u32();
  if (format != kFormat || ecn.value_or(kEcnMax + 1) > kEcnMax || !interface) return std::nullopt;
  const auto local = take_endpoint(reader);
  const auto peer = take_endpoint(reader);
  const auto bytes = reader.rest();
  if (!local || !peer || bytes.empty() || bytes.size() > os::UdpSocket::kTrainBytes) return std::nullopt;
  return os::DatagramTrain{
      .path = {*local, *peer, *interface}, .ecn = *ecn, .bytes = bytes, .datagram_bytes = bytes.size()};
}

}  // namespace gate::net

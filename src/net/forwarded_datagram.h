#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "os/udp.h"

namespace gate::net {

// How a datagram goes from one process to another that has its connection: as one message on a local socket.
//
//   1 octet   the number of this format: the other process may be another version of the program
//   1 octet   ECN mark
//   4 octets  interface
//   16, 2     our address (IPv4 as in IpAddress) and port
//   16, 2     the peer's
//   the rest  the datagram
inline constexpr std::size_t kForwardedHeaderBytes = 42;
inline constexpr std::size_t kForwardedBytesMax = kForwardedHeaderBytes + os::UdpSocket::kTrainBytes;

// Writes a single datagram, as it was received, and yields the message's length.
std::size_t write_forwarded(const os::DatagramTrain& datagram, std::span<std::byte, kForwardedBytesMax> into);

// Nothing for what write_forwarded cannot have written. The datagram stands in `message`.
std::optional<os::DatagramTrain> parse_forwarded(base::ByteView message);

}  // namespace gate::net

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/ip.h"

namespace gate::os {

// What the system tells beside a received train of datagrams, in its control messages.
struct DatagramControl {
  std::optional<base::IpAddress> local;  // the address it was sent to
  std::uint32_t interface = 0;           // the number of the interface it came in by
  std::uint8_t ecn = 0;
  std::size_t datagram_bytes = 0;  // 0: it is a single one
};

// Control messages as recvmsg fills them in. What is unknown or malformed is passed over.
DatagramControl parse_datagram_control(base::ByteView control);

// Writes control messages for sendmsg.
class DatagramControlWriter {
 public:
  // The address to send from. `interface` as in DatagramPath.
  void add_source(const base::IpAddress& local, std::uint32_t interface);
  void add_ecn(const base::IpAddress& local, std::uint8_t ecn);
  // The message is to be cut into datagrams of so many bytes.
  void add_datagram_bytes(std::uint16_t bytes);

  std::span<std::byte> bytes() { return std::span(bytes_).first(size_); }

 private:
  template <class T>
  void add(int level, int type, const T& value);

  static constexpr std::size_t kBytesMax = 128;  // an address and two numbers

  alignas(std::max_align_t) std::array<std::byte, kBytesMax> bytes_{};
  std::size_t size_ = 0;
};

}  // namespace gate::os

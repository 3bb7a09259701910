#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <algorithm>
#include <span>

#include "base/check.h"
#include "os/udp_control.h"

namespace gate::os {
namespace {

constexpr std::uint8_t kEcnMask = 3;

// cmsghdr without the bytes that it says stand behind it, as a value.
struct MessageHeader {
  std::size_t bytes = 0;  // with the header, without padding
  int level = 0;
  int type = 0;
};
static_assert(sizeof(MessageHeader) == sizeof(cmsghdr) && sizeof(MessageHeader) == CMSG_LEN(0));

struct ControlMessage {
  int level = 0;
  int type = 0;
  base::ByteView data;
};

template <class T>
std::optional<T> value_of(base::ByteView data) {
  if (data.size() < sizeof(T)) return std::nullopt;
  T value{};
  base::copy_bytes(std::as_writable_bytes(std::span(&value, 1)), data.first(sizeof(T)));
  return value;
}

// Takes a message off the front of `rest`.
std::optional<ControlMessage> next_message(base::ByteView& rest) {
  const auto header = value_of<MessageHeader>(rest);
  if (!header || header->bytes < sizeof(MessageHeader) || header->bytes > rest.size()) return std::nullopt;
  const ControlMessage message{
      .level = header->level, .type = header->type, .data = rest.first(header->bytes).subspan(sizeof(MessageHeader))};
  rest = rest.subspan(std::min<std::size_t>(CMSG_ALIGN(header->bytes), rest.size()));
  return message;
}

template <std::size_t Size, class Address>
std::array<std::uint8_t, Size> octets_of(const Address& address) {
  std::array<std::uint8_t, Size> octets{};
  base::copy_bytes(std::as_writable_bytes(std::span(octets)), std::as_bytes(std::span(&address, 1)));
  return octets;
}

void read_v4(const ControlMessage& message, DatagramControl& control) {
  if (message.type == IP_PKTINFO) {
    // What the datagram itself says. ipi_spec_dst is 0.0.0.0 in what came before the option was set, a client's first
    // packet for one, whose path would then not be that of its next ones.
    const auto info = value_of<in_pktinfo>(message.data);
    if (info) control.local = base::IpAddress::v4(octets_of<4>(info->ipi_addr));
  } else if (message.type == IP_TOS) {
    const auto tos = value_of<std::uint8_t>(message.data);
    if (tos) control.ecn = *tos & kEcnMask;
  }
}

void read_v6(const ControlMessage& message, DatagramControl& control) {
  if (message.type == IPV6_PKTINFO) {
    const auto info = value_of<in6_pktinfo>(message.data);
    if (!info) return;
    control.local = base::IpAddress::v6(octets_of<16>(info->ipi6_addr));
    control.interface = info->ipi6_ifindex;
  } else if (message.type == IPV6_TCLASS) {
    const auto traffic_class = value_of<int>(message.data);
    if (traffic_class) control.ecn = static_cast<std::uint8_t>(*traffic_class) & kEcnMask;
  }
}

void read_udp(const ControlMessage& message, DatagramControl& control) {
  if (message.type != UDP_GRO) return;
  const auto bytes = value_of<int>(message.data);
  if (bytes && *bytes > 0) control.datagram_bytes = static_cast<std::size_t>(*bytes);
}

}  // namespace

DatagramControl parse_datagram_control(base::ByteView control) {
  DatagramControl result;
  while (const auto message = next_message(control)) {
    switch (message->level) {
      case IPPROTO_IP: read_v4(*message, result); break;
      case IPPROTO_IPV6: read_v6(*message, result); break;
      case IPPROTO_UDP: read_udp(*message, result); break;
      default: break;
    }
  }
  return result;
}

template <class T>
void DatagramControlWriter::add(int level, int type, const T& value) {
  const auto to = std::span(bytes_).subspan(size_);
  GATE_CHECK(to.size() >= CMSG_SPACE(sizeof(T)));
  const MessageHeader header{.bytes = CMSG_LEN(sizeof(T)), .level = level, .type = type};
  base::copy_bytes(to, std::as_bytes(std::span(&header, 1)));
  base::copy_bytes(to.subspan(sizeof header), std::as_bytes(std::span(&value, 1)));
  size_ += CMSG_SPACE(sizeof(T));
}

void DatagramControlWriter::add_source(const base::IpAddress& local, std::uint32_t interface) {
  const auto octets = std::as_bytes(local.octets());
  if (local.is_v4()) {
    in_pktinfo info{};
    base::copy_bytes(std::as_writable_bytes(std::span(&info.ipi_spec_dst, 1)), octets.last<4>());
    add(IPPROTO_IP, IP_PKTINFO, info);
  } else {
    in6_pktinfo info{};
    info.ipi6_ifindex = interface;
    base::copy_bytes(std::as_writable_bytes(std::span(&info.ipi6_addr, 1)), octets);
    add(IPPROTO_IPV6, IPV6_PKTINFO, info);
  }
}

void DatagramControlWriter::add_ecn(const base::IpAddress& local, std::uint8_t ecn) {
  const int value = ecn & kEcnMask;
  if (local.is_v4()) {
    add(IPPROTO_IP, IP_TOS, value);
  } else {
    add(IPPROTO_IPV6, IPV6_TCLASS, value);
  }
}

void DatagramControlWriter::add_datagram_bytes(std::uint16_t bytes) { add(IPPROTO_UDP, UDP_SEGMENT, bytes); }

}  // namespace gate::os

#include "os/udp_control.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <vector>

namespace gate::os {
namespace {

using Bytes = std::vector<std::byte>;

template <class T>
void append(Bytes& to, const T& value) {
  const auto bytes = std::as_bytes(std::span(&value, 1));
  to.insert(to.end(), bytes.begin(), bytes.end());
}

// A control message with its padding; `length` is what it claims to have, with the header.
template <class T>
Bytes message(int level, int type, const T& value, std::size_t length = CMSG_LEN(sizeof(T))) {
  Bytes bytes;
  append(bytes, length);
  append(bytes, level);
  append(bytes, type);
  append(bytes, value);
  bytes.resize(CMSG_SPACE(sizeof(T)));
  return bytes;
}

Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

base::IpAddress address(std::string_view text) { return *base::IpAddress::parse(text); }

const Bytes kGro = message(IPPROTO_UDP, UDP_GRO, 1200);

TEST(DatagramControl, reads_the_source_that_its_writer_has_written_as_an_address_of_ipv6) {
  DatagramControlWriter writer;
  writer.add_source(address("2001:db8::1"), 0);
  writer.add_datagram_bytes(1200);
  const auto control = parse_datagram_control(writer.bytes());
  EXPECT_EQ(control.local, address("2001:db8::1"));
  EXPECT_EQ(control.datagram_bytes, 0U);  // received trains are marked by another message than sent ones
}

TEST(DatagramControl, takes_the_destination_of_the_datagram_itself_with_ipv4) {
  in_pktinfo info{};
  info.ipi_addr.s_addr = htonl(0xc0000201);
  EXPECT_EQ(parse_datagram_control(message(IPPROTO_IP, IP_PKTINFO, info)).local, address("192.0.2.1"));
}

TEST(DatagramControl, keeps_the_interface_of_ipv6) {
  DatagramControlWriter writer;
  writer.add_source(address("fe80::1"), 7);
  EXPECT_EQ(parse_datagram_control(writer.bytes()).interface, 7U);
}

TEST(DatagramControl, reads_the_mark_and_leaves_the_rest_of_the_octet) {
  EXPECT_EQ(parse_datagram_control(message(IPPROTO_IP, IP_TOS, std::uint8_t{0xfe})).ecn, 2);
  EXPECT_EQ(parse_datagram_control(message(IPPROTO_IPV6, IPV6_TCLASS, 0xff)).ecn, 3);
}

TEST(DatagramControl, reads_messages_in_any_order_and_passes_over_others) {
  const auto other = message(SOL_SOCKET, SO_TIMESTAMP, std::array<std::byte, 16>{});
  const auto mark = message(IPPROTO_IP, IP_TOS, std::uint8_t{1});
  const auto control = parse_datagram_control(other + kGro + other + mark);
  EXPECT_EQ(control.datagram_bytes, 1200U);
  EXPECT_EQ(control.ecn, 1);
  EXPECT_FALSE(control.local.has_value());
}

TEST(DatagramControl, passes_over_values_that_are_too_short) {
  for (const auto& message :
       {message(IPPROTO_IP, IP_PKTINFO, 1), message(IPPROTO_IPV6, IPV6_PKTINFO, 1),
        message(IPPROTO_IPV6, IPV6_TCLASS, std::uint8_t{3}), message(IPPROTO_UDP, UDP_GRO, std::uint8_t{3})}) {
    const auto control = parse_datagram_control(message + kGro);
    EXPECT_FALSE(control.local.has_value());
    EXPECT_EQ(control.ecn, 0);
    EXPECT_EQ(control.datagram_bytes, 1200U);
  }
}

TEST(DatagramControl, takes_no_length_of_datagrams_that_is_not_positive) {
  EXPECT_EQ(parse_datagram_control(message(IPPROTO_UDP, UDP_GRO, 0)).datagram_bytes, 0U);
  EXPECT_EQ(parse_datagram_control(message(IPPROTO_UDP, UDP_GRO, -1)).datagram_bytes, 0U);
}

TEST(DatagramControl, ends_at_a_message_whose_length_cannot_be) {
  for (const std::size_t length : {std::size_t{0}, std::size_t{CMSG_LEN(0) - 1}, std::size_t{1000}, SIZE_MAX}) {
    EXPECT_EQ(parse_datagram_control(message(SOL_SOCKET, 0, 0, length) + kGro).datagram_bytes, 0U) << length;
  }
}

TEST(DatagramControl, ends_where_the_bytes_end) {
  const auto whole = message(IPPROTO_IP, IP_TOS, std::uint8_t{1}) + kGro;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto control = parse_datagram_control(std::span(whole).first(size));
    EXPECT_EQ(control.ecn, size >= CMSG_LEN(1) ? 1 : 0) << size;
    const std::size_t needed = CMSG_SPACE(1) + CMSG_LEN(sizeof(int));
    EXPECT_EQ(control.datagram_bytes, size >= needed ? 1200U : 0U) << size;
  }
}

}  // namespace
}  // namespace gate::os

#include "net/forwarded_datagram.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/text.h"

namespace gate::net {
namespace {

base::Endpoint at(std::string_view text) { return *base::Endpoint::parse(text); }

std::vector<std::byte> written(const os::DatagramTrain& datagram) {
  std::vector<std::byte> room(kForwardedBytesMax);
  room.resize(write_forwarded(datagram, std::span<std::byte, kForwardedBytesMax>(room)));
  return room;
}

os::DatagramTrain datagram(std::string_view text) {
  return {.path = {at("192.0.2.1:443"), at("198.51.100.7:50000")},
          .ecn = 2,
          .bytes = base::as_bytes(text),
          .datagram_bytes = text.size()};
}

TEST(ForwardedDatagram, arrives_as_it_was_sent) {
  auto sent = datagram("hello");
  for (const auto& path : {sent.path, os::DatagramPath{at("[2001:db8::1]:443"), at("[2001:db8::2]:1")},
                           os::DatagramPath{at("[fe80::1]:8443"), at("[fe80::2]:65535"), 0xfffffffe}}) {
    for (std::uint8_t ecn = 0; ecn < 4; ++ecn) {
      sent.path = path;
      sent.ecn = ecn;
      const auto message = written(sent);
      EXPECT_EQ(message.size(), kForwardedHeaderBytes + 5);
      const auto received = parse_forwarded(message);
      ASSERT_TRUE(received.has_value());
      EXPECT_EQ(received->path, path);
      EXPECT_EQ(received->ecn, ecn);
      EXPECT_EQ(base::as_text(received->bytes), "hello");
      EXPECT_EQ(received->datagram_bytes, 5U);
    }
  }
}

TEST(ForwardedDatagram, has_room_for_the_longest_there_is) {
  const std::string longest(os::UdpSocket::kTrainBytes, 'x');
  const auto message = written(datagram(longest));
  EXPECT_EQ(message.size(), kForwardedBytesMax);
  EXPECT_EQ(base::as_text(parse_forwarded(message)->bytes), longest);
}

TEST(ForwardedDatagram, is_refused_when_it_is_too_long) {
  auto message = written(datagram(std::string(os::UdpSocket::kTrainBytes, 'x')));
  message.push_back({});
  EXPECT_FALSE(parse_forwarded(message).has_value());
}

TEST(ForwardedDatagram, is_refused_when_it_ends_too_early) {
  const auto message = written(datagram("x"));
  for (std::size_t size = 0; size < message.size(); ++size) {
    EXPECT_FALSE(parse_forwarded(std::span(message).first(size)).has_value()) << size;
  }
}

// Offsets as in the format's description.
TEST(ForwardedDatagram, is_refused_in_another_format_or_with_a_value_that_cannot_be) {
  const auto with = [](std::size_t offset, std::vector<std::byte> bytes) {
    auto message = written(datagram("x"));
    std::copy(bytes.begin(), bytes.end(), message.begin() + static_cast<std::ptrdiff_t>(offset));
    return parse_forwarded(message).has_value();
  };
  EXPECT_TRUE(with(0, {std::byte{1}}));
  EXPECT_FALSE(with(0, {std::byte{2}}));
  EXPECT_TRUE(with(1, {std::byte{3}}));
  EXPECT_FALSE(with(1, {std::byte{4}}));
  EXPECT_FALSE(with(22, {std::byte{0}, std::byte{0}}));
  EXPECT_FALSE(with(40, {std::byte{0}, std::byte{0}}));
}

}  // namespace
}  // namespace gate::net

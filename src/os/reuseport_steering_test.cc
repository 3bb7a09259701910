#include "os/reuseport_steering.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "os/socket.h"
#include "os/system_address.h"

namespace gate::os {
namespace {

using testing::Each;
using testing::Gt;

// The shape of QUIC's headers, with ids of nine octets.
constexpr SteeringRule kRule{.long_form_bit = 0x80,
                             .short_id = 1,
                             .long_id_length = 5,
                             .long_id = 6,
                             .id_bytes = 9,
                             .block = 1,
                             .number_shift = 48};

using Datagram = std::vector<std::byte>;

class SteeringTest : public testing::TestWithParam<std::string> {
 protected:
  static constexpr std::size_t kSockets = 4;

  void SetUp() override {
    auto address = *base::Endpoint::parse(GetParam());
    for (std::size_t i = 0; i < kSockets; ++i) {
      auto socket = bind_udp(address);
      if (!socket) GTEST_SKIP() << "no IPv6 here";
      address = *local_endpoint(socket->number());
      sockets_.push_back(*std::move(socket));
    }
    ASSERT_TRUE(steer_datagrams(sockets_.front().number(), kRule, cipher_).has_value());
    to_ = to_system(address);
  }

  // An id whose block says `generation`, `number`, and six random octets.
  Datagram id(std::uint64_t generation, std::uint64_t number) {
    const auto block = cipher_.encrypt(generation << 56 | number << 48 | (random_() >> 16));
    Datagram bytes{static_cast<std::byte>(random_())};
    for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<std::byte>(block >> shift));
    return bytes;
  }

  static Datagram short_form(const Datagram& id) {
    Datagram bytes{std::byte{0x40}};
    bytes.insert(bytes.end(), id.begin(), id.end());
    return bytes;
  }

  static Datagram long_form(const Datagram& id) {
    Datagram bytes{std::byte{0xc0}, {}, {}, {}, std::byte{1}, static_cast<std::byte>(id.size())};
    bytes.insert(bytes.end(), id.begin(), id.end());
    return bytes;
  }

  Datagram noise(std::size_t bytes) {
    Datagram datagram(bytes);
    for (auto& byte : datagram) byte = static_cast<std::byte>(random_());
    return datagram;
  }

  // Each from a port of its own, so that the kernel's hash would spread them.
  void send(const Datagram& datagram) {
    const Fd client(::socket(to_.storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::sendto(client.number(), datagram.data(), datagram.size(), 0, to_.get(), to_.size),
              static_cast<ssize_t>(datagram.size()));
  }

  // How many datagrams came to each socket.
  std::array<int, kSockets> arrived() {
    std::array<int, kSockets> counts{};
    std::array<std::byte, 2048> memory;
    for (std::size_t i = 0; i < kSockets; ++i) {
      while (::recv(sockets_[i].number(), memory.data(), memory.size(), 0) >= 0) ++counts[i];
    }
    return counts;
  }

  void expect_all_at(std::size_t socket, int count) {
    std::array<int, kSockets> expected{};
    expected[socket] = count;
    EXPECT_EQ(arrived(), expected);
  }

  base::Xtea cipher_{std::as_bytes(std::span<const char, 16>("sixteen octets!", 16))};
  std::mt19937_64 random_{443};  // NOLINT: a fixed seed makes the test repeatable
  std::vector<Fd> sockets_;
  SystemAddress to_;
};

TEST_P(SteeringTest, brings_a_thousand_datagrams_of_each_number_to_its_socket) {
  for (std::size_t number = 0; number < kSockets; ++number) {
    for (int i = 0; i < 20; ++i) {
      for (int j = 0; j < 25; ++j) {
        Datagram full = short_form(id(1, number));
        full.resize(1200);
        send(full);
        send(long_form(id(1, number)));
      }
      expect_all_at(number, 50);  // before the socket's memory is full
    }
  }
}

TEST_P(SteeringTest, looks_at_the_number_only) {
  for (std::uint64_t other = 0; other < 256; ++other) send(short_form(id(other, 2)));
  expect_all_at(2, 256);
}

TEST_P(SteeringTest, spreads_ids_of_others) {
  for (int i = 0; i < 400; ++i) send(long_form(noise(9)));
  EXPECT_THAT(arrived(), Each(Gt(40)));
  for (const std::size_t length : {0, 8, 10, 20}) {
    for (int i = 0; i < 100; ++i) send(long_form(noise(length)));
  }
  EXPECT_THAT(arrived(), Each(Gt(40)));
}

TEST_P(SteeringTest, spreads_numbers_that_no_socket_has) {
  for (std::uint64_t number = kSockets; number < 256; ++number) {
    send(short_form(id(1, number)));
    send(long_form(id(1, number)));
  }
  EXPECT_THAT(arrived(), Each(Gt(60)));
}

TEST_P(SteeringTest, spreads_what_ends_before_the_id_does) {
  for (std::size_t number = 0; number < kSockets; ++number) {
    for (const auto& whole : {short_form(id(1, number)), long_form(id(1, number))}) {
      for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
        for (int i = 0; i < 5; ++i) send(Datagram(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(bytes)));
      }
    }
  }
  const auto counts = arrived();
  EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), 0), 4 * 5 * (10 + 15));
  EXPECT_THAT(counts, Each(Gt(70)));
}

TEST_P(SteeringTest, does_without_a_socket_that_has_gone) {
  sockets_.back().close();
  for (int i = 0; i < 100; ++i) send(short_form(id(1, kSockets - 1)));
  const auto counts = arrived();
  EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), 0), 100);
}

INSTANTIATE_TEST_SUITE_P(Families, SteeringTest, testing::Values("127.0.0.1:0", "[::1]:0"),
                         [](const auto& which) { return which.index == 0 ? "v4" : "v6"; });

TEST(Steering, is_refused_for_what_is_no_socket) {
  const auto refused = steer_datagrams(-1, kRule, base::Xtea(std::array<std::byte, 16>{}));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().why, "Bad file descriptor");
}

}  // namespace
}  // namespace gate::os

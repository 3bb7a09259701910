#include "quic/reception.h"

#include <gtest/gtest.h>

#include "quic/simulation_for_test.h"

namespace gate::quic {
namespace {

class ReceptionTest : public testing::Test {
 protected:
  Reception::Decision judge(base::ByteView datagram) {
    return reception.judge(datagram, path, std::chrono::system_clock::now(), false, codec.encode({}, random), reply);
  }

  // A first packet of some version, as long as it has to be, with ids of eight bytes.
  static std::vector<std::byte> first_packet(std::uint32_t version, std::size_t size = 1200) {
    std::vector<std::byte> packet(size);
    packet[0] = std::byte{0xc0};
    for (unsigned i = 0; i < 4; ++i) packet[1 + i] = static_cast<std::byte>(version >> (24 - 8 * i));
    packet[5] = std::byte{8};
    packet[14] = std::byte{8};
    packet[6] = std::byte{0xaa};   // destination
    packet[15] = std::byte{0xbb};  // source
    packet[24] = std::byte{0x44};  // length, behind a token of none
    packet[25] = std::byte{0x96};
    return packet;
  }

  for_test::Random random{1};
  ServerKeys keys = ServerKeys::generate(random);
  Reception reception{keys, random};
  ConnectionIdCodec codec{keys.ids};
  Path path{.local = *base::Endpoint::parse("192.0.2.9:443"), .peer = *base::Endpoint::parse("192.0.2.7:4000")};
  std::array<std::byte, Reception::kReplyBytesMax> reply{};
};

// RFC 8999 6, RFC 9000 17.2.1
TEST_F(ReceptionTest, OffersItsVersionsToWhoComesWithAnother) {
  const auto decision = judge(first_packet(0x5a5a5a5a));
  ASSERT_EQ(decision.action, Reception::Action::kReply);
  EXPECT_EQ(std::span(reply).subspan(1, 4)[0], std::byte{0});  // version 0
  EXPECT_EQ(reply[6], std::byte{0xbb});                        // the client's id comes back as the destination
  EXPECT_EQ(decision.reply_bytes, 1U + 4 + 9 + 9 + 3 * 4);
}

// RFC 9000 6.2: the client would discard it.
TEST_F(ReceptionTest, NeverOffersTheVersionThatWasAskedFor) {
  const auto packet = first_packet(0x1a2a3a4a);
  for (int i = 0; i < 50'000; ++i) {
    ASSERT_EQ(judge(packet).action, Reception::Action::kReply);
    const auto offered = std::span(reply).subspan(1 + 4 + 9 + 9, 4);
    ASSERT_TRUE(std::ranges::all_of(offered, [](std::byte b) { return (b & std::byte{0x0f}) == std::byte{0x0a}; }));
    ASSERT_FALSE(std::ranges::equal(offered, std::span(packet).subspan(1, 4)));
  }
}

// RFC 8999 5.1
TEST_F(ReceptionTest, OffersItsVersionsToIdsOfAnyLength) {
  auto packet = first_packet(0x5a5a5a5a);
  packet[5] = std::byte{255};
  packet[5 + 1 + 255] = std::byte{255};
  const auto decision = judge(packet);
  ASSERT_EQ(decision.action, Reception::Action::kReply);
  EXPECT_EQ(decision.reply_bytes, 1U + 4 + 256 + 256 + 3 * 4);
}

// RFC 9000 6.1: "An endpoint MUST NOT send a Version Negotiation packet in response to receiving a Version Negotiation
// packet", and 5.2.2: what has a long header and belongs to nobody is dropped.
TEST_F(ReceptionTest, DropsAVersionNegotiation) { EXPECT_EQ(judge(first_packet(0)).action, Reception::Action::kDrop); }

TEST_F(ReceptionTest, AnswersNoOtherVersionInAShortDatagram) {
  EXPECT_EQ(judge(first_packet(0x5a5a5a5a, 1199)).action, Reception::Action::kDrop);
}

TEST_F(ReceptionTest, AcceptsAFirstPacketOfItsOwnVersions) {
  for (const std::uint32_t version : {0x00000001U, 0x6b3343cfU}) {
    auto packet = first_packet(version);
    if (version != 1) packet[0] = std::byte{0xd0};  // RFC 9369 3.2: other numbers for the types
    const auto decision = judge(packet);
    ASSERT_EQ(decision.action, Reception::Action::kAccept) << version;
    EXPECT_EQ(decision.first.version, version);
    EXPECT_EQ(decision.first.destination.size(), 8U);
  }
}

TEST_F(ReceptionTest, DropsFirstPacketsInShortDatagramsAndWithShortIds) {
  EXPECT_EQ(judge(first_packet(1, 1199)).action, Reception::Action::kDrop);
  auto short_id = first_packet(1);
  short_id[5] = std::byte{7};
  EXPECT_EQ(judge(short_id).action, Reception::Action::kDrop);
}

TEST_F(ReceptionTest, AsksForAProofOfTheAddressWhenItIsDemanded) {
  const auto decision =
      reception.judge(first_packet(1), path, std::chrono::system_clock::now(), true, codec.encode({}, random), reply);
  ASSERT_EQ(decision.action, Reception::Action::kReply);
  EXPECT_EQ(reply[0] & std::byte{0xf0}, std::byte{0xf0});  // Retry
  EXPECT_LT(decision.reply_bytes, 1200U);
}

// RFC 9000 10.3
TEST_F(ReceptionTest, ResetsConnectionsItDoesNotKnowWithAPacketShorterThanTheirs) {
  std::vector<std::byte> packet(100, std::byte{0x51});
  const auto decision = judge(packet);
  ASSERT_EQ(decision.action, Reception::Action::kReply);
  EXPECT_LT(decision.reply_bytes, packet.size());
  const auto id = *ConnectionId::from(std::span(packet).subspan(1, ConnectionIdCodec::kIdBytes));
  const auto token = reset_token_of(keys.resets, id);
  const auto tail = std::span(reply).first(decision.reply_bytes).last(token.size());
  EXPECT_TRUE(std::ranges::equal(tail, token));
  packet.resize(21);
  EXPECT_EQ(judge(packet).action, Reception::Action::kDrop);
}

TEST_F(ReceptionTest, DropsGarbage) {
  EXPECT_EQ(judge({}).action, Reception::Action::kDrop);
  for (int i = 0; i < 20'000; ++i) {
    std::vector<std::byte> garbage(random.below(1400));
    random.fill(garbage);
    if (!garbage.empty()) garbage[0] |= std::byte{0x80};
    const auto decision = judge(garbage);
    EXPECT_LE(decision.reply_bytes, garbage.size());
  }
}

}  // namespace
}  // namespace gate::quic

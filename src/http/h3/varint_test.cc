#include "http/h3/varint.h"

#include <gtest/gtest.h>

#include <array>

#include "http/h3/raw_client_for_test.h"

namespace gate::http::h3 {
namespace {

TEST(Varint, is_read_and_written_as_rfc_9000_says) {
  for (const std::uint64_t value : {0ull, 37ull, 63ull, 64ull, 15'293ull, 16'383ull, 16'384ull, 494'878'333ull,
                                    (1ull << 30) - 1, 1ull << 30, 151'288'809'941'952'652ull, (1ull << 62) - 1}) {
    std::array<std::byte, kVarintBytesMax> room{};
    const std::size_t size = varint_size(value);
    write_varint(value, size, room);
    const auto bytes = base::ByteView(room).first(size);
    EXPECT_EQ(base::as_text(bytes), testing::varint(value));
    base::ByteReader input(bytes);
    EXPECT_EQ(read_varint(input), value);
    EXPECT_TRUE(input.empty());
    base::ByteReader cut(bytes.first(size - 1));
    EXPECT_EQ(read_varint(cut), std::nullopt);
    EXPECT_EQ(cut.size(), size - 1) << "nothing was taken";
  }
}

TEST(Varint, may_have_more_octets_than_it_needs) {
  std::array<std::byte, 4> room{};
  write_varint(37, 4, room);
  base::ByteReader input(room);
  EXPECT_EQ(read_varint(input), 37U);
}

}  // namespace
}  // namespace gate::http::h3

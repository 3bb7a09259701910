#include "app/trust/qr_code.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace gate::app {
namespace {

// Whether programs read it is tested with one that does, in tests/e2e.
TEST(QrCode, has_a_finder_in_three_corners) {
  const auto code = QrCode::encode("http://192.168.1.20:4380/");
  ASSERT_TRUE(code.has_value());
  EXPECT_EQ(code->size(), 25);
  const int far = code->size() - 7;
  for (const auto& [left, top] : {std::pair{0, 0}, std::pair{far, 0}, std::pair{0, far}}) {
    for (int y = 0; y < 7; ++y) {
      for (int x = 0; x < 7; ++x) {
        const int ring = std::max(std::abs(x - 3), std::abs(y - 3));
        EXPECT_EQ(code->dark(left + x, top + y), ring != 2) << left + x << "," << top + y;
      }
    }
  }
  EXPECT_TRUE(code->dark(8, code->size() - 8));
}

TEST(QrCode, is_drawn_with_a_quiet_zone_and_fits_a_terminal) {
  const auto code = QrCode::encode("http://192.168.1.20:4380/");
  const std::string text = code->to_half_blocks(false);
  EXPECT_EQ(std::ranges::count(text, '\n'), (code->size() + 8 + 1) / 2);
  const std::string first = text.substr(0, text.find('\n'));
  std::string light;
  for (int i = 0; i < code->size() + 8; ++i) light += "█";
  EXPECT_EQ(first, light);
  EXPECT_LE(QrCode::encode(std::string(213, 'a'))->size() + 8, 80);
}

TEST(QrCode, is_none_for_a_text_that_is_too_long) { EXPECT_FALSE(QrCode::encode(std::string(214, 'a')).has_value()); }

}  // namespace
}  // namespace gate::app

#include "tls/early_data_window.h"

#include <gtest/gtest.h>

#include <vector>

namespace gate::tls {
namespace {

using namespace std::chrono_literals;

std::vector<std::byte> ticket(std::uint32_t number) {
  std::vector<std::byte> bytes(64, std::byte{7});
  for (unsigned i = 0; i < 4; ++i) bytes[bytes.size() - 1 - i] = static_cast<std::byte>(number >> (8 * i));
  return bytes;
}

constexpr base::Instant kStart = base::Instant{} + 1h;
constexpr base::Instant kOpen = kStart + EarlyDataWindow::kSpan;

TEST(EarlyDataWindow, AdmitsATicketOnce) {
  EarlyDataWindow window(kStart);
  EXPECT_TRUE(window.admit(ticket(1), kOpen));
  EXPECT_FALSE(window.admit(ticket(1), kOpen));
  EXPECT_TRUE(window.admit(ticket(2), kOpen));
}

TEST(EarlyDataWindow, RemembersATicketForItsWholeSpan) {
  EarlyDataWindow window(kStart);
  ASSERT_TRUE(window.admit(ticket(1), kOpen + 119s));
  EXPECT_FALSE(window.admit(ticket(1), kOpen + 121s));
  EXPECT_FALSE(window.admit(ticket(1), kOpen + 119s + EarlyDataWindow::kSpan));
}

TEST(EarlyDataWindow, AdmitsNothingWhileItDoesNotKnowWhatCameBefore) {
  EarlyDataWindow window(kStart);
  EXPECT_FALSE(window.admit(ticket(1), kStart + 1s));
  EXPECT_FALSE(window.admit(ticket(1), kOpen));  // it was seen
  EXPECT_TRUE(window.admit(ticket(2), kOpen));
}

TEST(EarlyDataWindow, IsBounded) {
  EarlyDataWindow window(kStart);
  for (std::uint32_t i = 0; i < EarlyDataWindow::kTicketsMax; ++i) ASSERT_TRUE(window.admit(ticket(i), kOpen));
  EXPECT_FALSE(window.admit(ticket(0x0fffffff), kOpen));
  EXPECT_TRUE(window.admit(ticket(0x0fffffff), kOpen + EarlyDataWindow::kSpan));
}

TEST(EarlyDataWindow, RefusesWhatIsNoTicket) {
  EarlyDataWindow window(kStart);
  EXPECT_FALSE(window.admit({}, kOpen));
}

}  // namespace
}  // namespace gate::tls

#include "http/status.h"

#include <gtest/gtest.h>

namespace gate::http {
namespace {

TEST(Status, names_registered_statuses_and_no_others) {
  EXPECT_EQ(reason_phrase(200), "OK");
  EXPECT_EQ(reason_phrase(404), "Not Found");
  EXPECT_EQ(reason_phrase(431), "Request Header Fields Too Large");
  for (const auto status : std::initializer_list<std::uint16_t>{0, 99, 199, 299, 306, 418, 599, 600, 999})
    EXPECT_EQ(reason_phrase(status), "") << status;
}

}  // namespace
}  // namespace gate::http

#include "quic/transport_parameters.h"

#include <gtest/gtest.h>

#include <string_view>

#include "base/text.h"

namespace gate::quic {
namespace {

using namespace std::string_view_literals;

bool repeats(std::string_view encoded) { return repeat_a_parameter(base::as_bytes(encoded)); }

TEST(TransportParameters, may_come_in_any_order) {
  EXPECT_FALSE(repeats(""));
  EXPECT_FALSE(repeats("\x0f\x00"sv));
  EXPECT_FALSE(repeats("\x0f\x00\x04\x01\x09\x0c\x00\x05\x01\x09"sv));
}

// RFC 9000 7.4: "An endpoint MUST NOT send a parameter more than once".
TEST(TransportParameters, are_found_twice_side_by_side_and_apart) {
  EXPECT_TRUE(repeats("\x0f\x01\x08\x0f\x00"sv));
  EXPECT_TRUE(repeats("\x0f\x00\x04\x01\x09\x0f\x00"sv));
}

TEST(TransportParameters, are_the_same_in_numbers_of_any_length) {
  EXPECT_TRUE(repeats("\x0c\x00\x40\x0c\x00"sv));
  EXPECT_TRUE(repeats("\x0c\x40\x00\x80\x00\x00\x0c\x00"sv));
  EXPECT_TRUE(repeats("\x0c\x00\xc0\x00\x00\x00\x00\x00\x00\x0c\x00"sv));
}

TEST(TransportParameters, are_looked_at_up_to_what_is_malformed) {
  EXPECT_FALSE(repeats("\x0c\x00\x40"sv));
  EXPECT_FALSE(repeats("\x0c\x05\x0c\x00"sv));
  EXPECT_TRUE(repeats("\x0c\x00\x0c\x05"sv));
}

}  // namespace
}  // namespace gate::quic

#include "jose/base64url.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "base/text.h"

namespace gate::jose {
namespace {

std::string encoded(std::string_view text) { return to_base64url(base::as_bytes(text)); }

// RFC 4648 10, without its padding.
TEST(Base64url, writes_and_reads_the_test_vectors) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kVectors{{{"", ""},
                                                                                   {"f", "Zg"},
                                                                                   {"fo", "Zm8"},
                                                                                   {"foo", "Zm9v"},
                                                                                   {"foob", "Zm9vYg"},
                                                                                   {"fooba", "Zm9vYmE"},
                                                                                   {"foobar", "Zm9vYmFy"}}};
  for (const auto& [plain, text] : kVectors) {
    EXPECT_EQ(encoded(plain), text);
    const auto bytes = from_base64url(text);
    ASSERT_TRUE(bytes) << text;
    EXPECT_EQ(base::as_text(*bytes), plain);
  }
}

// RFC 7515 C.
TEST(Base64url, uses_the_alphabet_for_urls) {
  constexpr std::array<std::byte, 5> kBytes{std::byte{3}, std::byte{236}, std::byte{255}, std::byte{224},
                                            std::byte{193}};
  EXPECT_EQ(to_base64url(kBytes), "A-z_4ME");
}

TEST(Base64url, refuses_what_it_would_not_write) {
  for (const std::string_view text : {"Zg==", "A+z/", "Zg ", "Z", "Zm9vY", "Zh", "Zm9", "Zm8\n"}) {
    EXPECT_FALSE(from_base64url(text)) << text;
  }
}

}  // namespace
}  // namespace gate::jose

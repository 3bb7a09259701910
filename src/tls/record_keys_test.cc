#include "tls/record_keys.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/text.h"

namespace gate::tls {
namespace {

std::string expanded(const std::string& secret, std::string_view label, std::size_t size) {
  std::string out(size, '\0');
  expand_label(find_suite(0x1301)->hash, base::as_bytes(secret), label, std::as_writable_bytes(std::span(out)));
  return out;
}

// RFC 8448 3: the keys of the server's application data.
TEST(ExpandLabel, makes_the_keys_of_the_example) {
  const std::string secret =
      "\xa1\x1a\xf9\xf0\x55\x31\xf8\x56\xad\x47\x11\x6b\x45\xa9\x50\x32"
      "\x82\x04\xb4\xf4\x4b\xfb\x6b\x3a\x4b\x4f\x1f\x3f\xcb\x63\x16\x43";
  EXPECT_EQ(base::to_hex(base::as_bytes(expanded(secret, "key", 16))), "9f02283b6c9c07efc26bb9f2ac92e356");
  EXPECT_EQ(base::to_hex(base::as_bytes(expanded(secret, "iv", 12))), "cf782b88dd83549aadf1e984");
}

TEST(RecordKeys, leave_nothing_of_themselves_in_memory) {
  for (const std::uint16_t number : std::array<std::uint16_t, 2>{0x1301, 0x1303}) {
    const Suite& suite = *find_suite(number);
    const std::string secret(suite.secret_bytes, 's');
    std::string key(suite.key_bytes, '\0');
    expand_label(suite.hash, base::as_bytes(secret), "key", std::as_writable_bytes(std::span(key)));
    alignas(RecordKeys) std::array<char, sizeof(RecordKeys)> memory{};
    auto* keys = std::construct_at(reinterpret_cast<RecordKeys*>(memory.data()), suite, base::as_bytes(secret), 0U);
    const auto holds = [&](const std::string& what) { return !std::ranges::search(memory, what).empty(); };
    EXPECT_TRUE(holds(key));
    EXPECT_TRUE(holds(secret));
    keys->update();
    EXPECT_FALSE(holds(key));
    EXPECT_FALSE(holds(secret));
    std::destroy_at(keys);
    EXPECT_TRUE(std::ranges::count(memory, '\0') > static_cast<std::ptrdiff_t>(memory.size() - 32))
        << "but for pointers";
  }
}

}  // namespace
}  // namespace gate::tls

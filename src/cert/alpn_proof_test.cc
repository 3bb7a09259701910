#include "cert/alpn_proof.h"

#include <gtest/gtest.h>

#include <array>

#include "cert/authority_for_test.h"
#include "cert/issue.h"

namespace gate::cert {
namespace {

using namespace std::chrono_literals;

const base::WallTime kNow{std::chrono::seconds(1'800'000'000)};

std::array<std::byte, 32> digest(unsigned char seed) {
  std::array<std::byte, 32> bytes{};
  bytes.fill(std::byte{seed});
  return bytes;
}

TEST(AlpnProof, is_what_a_client_makes_for_that_name_and_challenge) {
  for (const char* name : {"a.test", "10.0.0.1", "fd00::1"}) {
    const auto made = make_tls_alpn_01(name, digest(7), {kNow, kNow + 1h});
    EXPECT_TRUE(proves_by_alpn(made.leaf(), name, digest(7))) << name;
    EXPECT_FALSE(proves_by_alpn(made.leaf(), name, digest(8))) << name;
    EXPECT_FALSE(proves_by_alpn(made.leaf(), "b.test", digest(7))) << name;
  }
}

TEST(AlpnProof, is_no_ordinary_certificate) {
  const auto root = for_test::root("root", kNow);
  EXPECT_FALSE(proves_by_alpn(for_test::leaf(root, {"a.test"}, kNow).leaf(), "a.test", digest(7)));
  EXPECT_FALSE(proves_by_alpn(for_test::leaf(root, {"a.test", "b.test"}, kNow).leaf(), "a.test", digest(7)));
}

}  // namespace
}  // namespace gate::cert

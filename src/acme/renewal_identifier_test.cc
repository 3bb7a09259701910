#include "acme/renewal_identifier.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "jose/base64url.h"

namespace gate::acme {
namespace {

// RFC 9773 A, without the PEM's frame and in the alphabet for URLs.
constexpr std::string_view kExample =
    "MIIBQzCB66ADAgECAgUAh2VDITAKBggqhkjOPQQDAjAVMRMwEQYDVQQDEwpFeGFt"
    "cGxlIENBMCIYDzAwMDEwMTAxMDAwMDAwWhgPMDAwMTAxMDEwMDAwMDBaMBYxFDAS"
    "BgNVBAMTC2V4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeBZu"
    "7cbpAYNXZLbbh8rNIzuOoqOOtmxA1v7cRm__AwyMwWxyHz4zfwmBhcSrf47NUAFf"
    "qzLQ2PPQxdTXREYEnKMjMCEwHwYDVR0jBBgwFoAUaYhba4dGQEHhs3uEe6CuLN4B"
    "yNQwCgYIKoZIzj0EAwIDRwAwRAIge09-S5TZAlw5tgtiVvuERV6cT4mfutXIlwTb"
    "-FYN_8oCIClDsqBklhB9KAelFiYt9-6FDj3z4KGVelYM5MdsO3pK";

TEST(RenewalIdentifier, is_that_of_rfc_9773) {
  const auto certificate = jose::from_base64url(kExample);
  ASSERT_TRUE(certificate);
  EXPECT_EQ(renewal_identifier(*certificate), "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE");
}

TEST(RenewalIdentifier, of_what_is_no_certificate_is_none) {
  EXPECT_EQ(renewal_identifier(base::as_bytes("garbage")), std::nullopt);
  EXPECT_EQ(renewal_identifier({}), std::nullopt);
}

}  // namespace
}  // namespace gate::acme

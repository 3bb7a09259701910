#include "http/claims.h"

#include <gtest/gtest.h>

namespace gate::http {
namespace {

TEST(Claims, of_certificates_are_known_however_they_are_spelled) {
  for (const auto* name :
       {"client-cert", "client-cert-chain", "client_cert", "client-cert_chain", "client_cert_chain"}) {
    EXPECT_TRUE(claims_certificate(name)) << name;
  }
  for (const auto* name : {"client", "client-certificate", "client-cert-", "x-client-cert", ""}) {
    EXPECT_FALSE(claims_certificate(name)) << name;
  }
}

}  // namespace
}  // namespace gate::http

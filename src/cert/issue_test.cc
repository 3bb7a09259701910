#include "cert/issue.h"

#include <gtest/gtest.h>
#include <openssl/obj.h>
#include <openssl/x509.h>

#include <algorithm>

#include "cert/native.h"

namespace gate::cert {
namespace {

const base::WallTime kNow{std::chrono::seconds(1'800'000'000)};

Credential proof_of(const std::string& name) {
  std::array<std::byte, 32> digest;
  digest.fill(std::byte{0x5a});
  return make_tls_alpn_01(name, digest, {.not_before = kNow, .not_after = kNow + std::chrono::days(1)});
}

// RFC 8737 3: "The acmeIdentifier extension MUST be critical", and "MUST contain the SHA-256 digest [...] of the key
// authorization", as an OCTET STRING.
TEST(TlsAlpn01, carries_the_digest_in_a_critical_extension) {
  const auto x509 = x509_of(proof_of("example.com").leaf().der());
  bssl::UniquePtr<ASN1_OBJECT> type(OBJ_txt2obj("1.3.6.1.5.5.7.1.31", 1));
  const int at = X509_get_ext_by_OBJ(x509.get(), type.get(), -1);
  ASSERT_GE(at, 0);
  const X509_EXTENSION* extension = X509_get_ext(x509.get(), at);
  EXPECT_EQ(X509_EXTENSION_get_critical(extension), 1);
  const ASN1_OCTET_STRING* value = X509_EXTENSION_get_data(extension);
  const std::string bytes(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                          static_cast<std::size_t>(ASN1_STRING_length(value)));
  EXPECT_EQ(bytes, "\x04\x20" + std::string(32, '\x5a'));
}

// RFC 8737 3: "The subjectAlternativeName extension MUST contain a single dNSName entry", or for an address by RFC 8738
// 6 a single iPAddress.
TEST(TlsAlpn01, has_the_one_name_and_signs_itself) {
  const auto named = proof_of("example.com");
  EXPECT_EQ(named.leaf().dns_names(), std::vector<std::string>{"example.com"});
  EXPECT_TRUE(named.leaf().addresses().empty());
  EXPECT_TRUE(named.leaf().is_signed_by(named.leaf()));
  EXPECT_EQ(named.leaf().public_key_info(), named.key.public_key_info());
  const auto addressed = proof_of("2001:db8::1");
  EXPECT_TRUE(addressed.leaf().dns_names().empty());
  EXPECT_EQ(addressed.leaf().addresses(), std::vector{*base::IpAddress::parse("2001:db8::1")});
}

}  // namespace
}  // namespace gate::cert

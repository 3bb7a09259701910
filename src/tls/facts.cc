#include "tls/facts.h"

#include <fmt/format.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <iterator>
#include <span>

namespace gate::tls {

namespace {

struct Named {
  std::uint16_t number;
  std::string_view name;
};

constexpr Named kVersions[] = {
    {0x0300, "SSLv3"}, {0x0301, "TLSv1.0"}, {0x0302, "TLSv1.1"}, {0x0303, "TLSv1.2"}, {0x0304, "TLSv1.3"}};

constexpr Named kGroups[] = {
    {0x0017, "secp256r1"}, {0x0018, "secp384r1"},         {0x0019, "secp521r1"},      {0x001d, "x25519"},
    {0x001e, "x448"},      {0x11eb, "SecP256r1MLKEM768"}, {0x11ec, "X25519MLKEM768"}, {0x11ed, "SecP384r1MLKEM1024"}};

constexpr Named kSignatures[] = {{0x0201, "rsa_pkcs1_sha1"},      {0x0203, "ecdsa_sha1"},
                                 {0x0401, "rsa_pkcs1_sha256"},    {0x0403, "ecdsa_secp256r1_sha256"},
                                 {0x0501, "rsa_pkcs1_sha384"},    {0x0503, "ecdsa_secp384r1_sha384"},
                                 {0x0601, "rsa_pkcs1_sha512"},    {0x0603, "ecdsa_secp521r1_sha512"},
                                 {0x0804, "rsa_pss_rsae_sha256"}, {0x0805, "rsa_pss_rsae_sha384"},
                                 {0x0806, "rsa_pss_rsae_sha512"}, {0x0807, "ed25519"}};

std::string name_in(std::span<const Named> table, std::uint16_t number) {
  const auto found = std::find_if(table.begin(), table.end(), [&](const Named& each) { return each.number == number; });
  return found == table.end() ? fmt::format("{:#06x}", number) : std::string(found->name);
}

}  // namespace

std::string_view to_string(Alpn alpn) {
  switch (alpn) {
    case Alpn::kNone: return "";
    case Alpn::kHttp11: return "http/1.1";
    case Alpn::kHttp2: return "h2";
    case Alpn::kHttp3: return "h3";
    case Alpn::kAcmeTls: return "acme-tls/1";
  }
  return "";
}

std::string version_name(std::uint16_t version) { return name_in(kVersions, version); }

std::string suite_name(std::uint16_t suite) {
  const SSL_CIPHER* cipher = SSL_get_cipher_by_value(suite);
  return cipher == nullptr ? fmt::format("{:#06x}", suite) : std::string(SSL_CIPHER_standard_name(cipher));
}

std::string group_name(std::uint16_t group) { return name_in(kGroups, group); }

std::string signature_name(std::uint16_t signature) { return name_in(kSignatures, signature); }

}  // namespace gate::tls

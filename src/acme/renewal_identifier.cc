#include "acme/renewal_identifier.h"

#include <fmt/format.h>
#include <openssl/asn1.h>
#include <openssl/base.h>
#include <openssl/mem.h>
#include <openssl/x509.h>

#include <cstdint>
#include <span>
#include <vector>

#include "jose/base64url.h"

namespace gate::acme {
namespace {

base::ByteView bytes_of(const ASN1_STRING* string) {
  return std::as_bytes(std::span(ASN1_STRING_get0_data(string), static_cast<std::size_t>(ASN1_STRING_length(string))));
}

// "the DER-encoded value [...] without the tag and length bytes": a zero stands before a first bit that is set.
std::vector<std::byte> serial_bytes(const ASN1_INTEGER* serial) {
  const auto bytes = bytes_of(serial);
  std::vector<std::byte> encoded(bytes.begin(), bytes.end());
  if (!encoded.empty() && (encoded.front() & std::byte{0x80}) != std::byte{0})
    encoded.insert(encoded.begin(), std::byte{0});
  return encoded;
}

}  // namespace

std::optional<std::string> renewal_identifier(base::ByteView certificate) {
  const auto* data = reinterpret_cast<const std::uint8_t*>(certificate.data());
  const bssl::UniquePtr<X509> x509(d2i_X509(nullptr, &data, static_cast<long>(certificate.size())));
  const ASN1_OCTET_STRING* key = x509 ? X509_get0_authority_key_id(x509.get()) : nullptr;
  if (key == nullptr) return std::nullopt;
  return fmt::format("{}.{}", jose::to_base64url(bytes_of(key)),
                     jose::to_base64url(serial_bytes(X509_get0_serialNumber(x509.get()))));
}

}  // namespace gate::acme

#pragma once

#include <openssl/base.h>
#include <openssl/bio.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "cert/private_key.h"

// Small bridges to the TLS library, for sources of `cert` and `tls` only.
namespace gate::cert {

inline base::ByteView native_bytes(const std::uint8_t* data, std::size_t size) {
  return std::as_bytes(std::span(data, size));
}
inline const std::uint8_t* native_data(base::ByteView bytes) {
  return reinterpret_cast<const std::uint8_t*>(bytes.data());
}
inline std::uint8_t* native_data(std::span<std::byte> bytes) { return reinterpret_cast<std::uint8_t*>(bytes.data()); }

// A source that reads `text`, which outlives it.
bssl::UniquePtr<BIO> bio_reading(std::string_view text);

// What was written to a memory sink.
std::string text_of(BIO* memory);

// The library's newest complaint in words ("no start line"); its queue is empty afterwards.
std::string last_library_reason();

// What `der` holds; null for what is no certificate.
bssl::UniquePtr<X509> x509_of(base::ByteView der);

// The moment a certificate or a list names, cut to what wall time can hold.
base::WallTime time_of(const ASN1_TIME* time);

KeyType key_type_of(const evp_pkey_st* key);
std::string public_key_info_of(const evp_pkey_st* key);

}  // namespace gate::cert

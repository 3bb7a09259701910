#include "cert/native.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include <algorithm>
#include <chrono>

#include "base/check.h"
#include "base/text.h"

namespace gate::cert {

bssl::UniquePtr<BIO> bio_reading(std::string_view text) {
  bssl::UniquePtr<BIO> bio(BIO_new_mem_buf(text.data(), static_cast<ossl_ssize_t>(text.size())));
  GATE_CHECK(bio != nullptr);
  return bio;
}

std::string text_of(BIO* memory) {
  const std::uint8_t* data = nullptr;
  std::size_t size = 0;
  GATE_CHECK(BIO_mem_contents(memory, &data, &size));
  return std::string(base::as_text(native_bytes(data, size)));
}

std::string last_library_reason() {
  const auto error = ERR_peek_last_error();
  const char* reason = error == 0 ? nullptr : ERR_reason_error_string(error);
  std::string text = base::lowered(reason == nullptr ? "unknown reason" : reason);
  for (char& c : text) c = c == '_' ? ' ' : c;
  ERR_clear_error();
  return text;
}

bssl::UniquePtr<X509> x509_of(base::ByteView der) {
  const std::uint8_t* at = native_data(der);
  return bssl::UniquePtr<X509>(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
}

base::WallTime time_of(const ASN1_TIME* time) {
  std::int64_t seconds = 0;
  // RFC 5280 4.1.2.5: "99991231235959Z" means no well-defined end; wall time of 64-bit nanoseconds ends in 2262.
  constexpr std::int64_t kLatest = 9'000'000'000;
  if (!ASN1_TIME_to_posix(time, &seconds)) ERR_clear_error();
  return base::WallTime(std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, kLatest)));
}

}  // namespace gate::cert

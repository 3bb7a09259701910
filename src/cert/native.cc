#include "cert/native.h"

#include <openssl/err.h>

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

}  // namespace gate::cert

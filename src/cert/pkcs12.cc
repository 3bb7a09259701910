#include "cert/pkcs12.h"

#include <openssl/mem.h>
#include <openssl/pkcs8.h>
#include <openssl/x509.h>

#include <span>

#include "base/check.h"
#include "base/text.h"
#include "cert/codes.h"
#include "cert/native.h"

namespace gate::cert {

namespace {

bssl::UniquePtr<X509> parse(const Certificate& certificate) {
  const std::uint8_t* at = native_data(certificate.der());
  bssl::UniquePtr<X509> x509(d2i_X509(nullptr, &at, static_cast<long>(certificate.der().size())));
  GATE_CHECK(x509 != nullptr);
  return x509;
}

}  // namespace

base::Result<std::string> to_pkcs12(const Credential& credential, const Certificate* root, const std::string& label,
                                    const std::string& password) {
  constexpr int kIterations = 100'000;                             // against guessing; a tenth of a second each
  constexpr int kCipher = NID_pbe_WithSHA1And3_Key_TripleDES_CBC;  // the strongest that every browser and phone reads
  bssl::UniquePtr<STACK_OF(X509)> chain(sk_X509_new_null());
  GATE_CHECK(chain != nullptr);
  for (const Certificate& each : std::span(credential.chain).subspan(1))
    GATE_CHECK(bssl::PushToStack(chain.get(), parse(each)));
  if (root != nullptr) GATE_CHECK(bssl::PushToStack(chain.get(), parse(*root)));
  bssl::UniquePtr<PKCS12> file(PKCS12_create(password.c_str(), label.c_str(), credential.key.native(),
                                             parse(credential.leaf()).get(), chain.get(), kCipher, kCipher, kIterations,
                                             kIterations, 0));
  std::uint8_t* der = nullptr;
  const int size = file == nullptr ? -1 : i2d_PKCS12(file.get(), &der);
  if (size < 0) {
    return base::fail({.code = kCannotIssue,
                       .side = base::Side::kConfiguration,
                       .what = "cannot make a PKCS #12 file",
                       .why = last_library_reason(),
                       .fix = "choose another password; it is text in UTF-8"});
  }
  std::string text(base::as_text(native_bytes(der, static_cast<std::size_t>(size))));
  OPENSSL_free(der);
  return text;
}

}  // namespace gate::cert

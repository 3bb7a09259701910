#include "cert/crl.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/mem.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/check.h"
#include "base/text.h"
#include "cert/codes.h"
#include "cert/native.h"

namespace gate::cert {

namespace {

constexpr std::size_t kListsMax = 32;  // of one file

base::Error unreadable(std::string_view origin, std::string why) {
  return {.code = kCannotParseCrl,
          .side = base::Side::kConfiguration,
          .what = fmt::format("cannot read a revocation list from {}", origin),
          .why = std::move(why),
          .fix = "it must be a CRL in DER, or PEM blocks \"X509 CRL\""};
}

bssl::UniquePtr<X509_CRL> native_of(base::ByteView der) {
  const std::uint8_t* at = native_data(der);
  bssl::UniquePtr<X509_CRL> crl(d2i_X509_CRL(nullptr, &at, static_cast<long>(der.size())));
  return crl != nullptr && at == native_data(der) + der.size() ? std::move(crl) : nullptr;
}

}  // namespace

base::Result<Crl> crl_from_der(base::ByteView der, std::string_view origin) {
  const auto native = native_of(der);
  if (native == nullptr) return base::fail(unreadable(origin, last_library_reason()));
  Crl crl;
  crl.der_.assign(der.begin(), der.end());
  crl.this_update_ = time_of(X509_CRL_get0_lastUpdate(native.get()));
  if (const ASN1_TIME* next = X509_CRL_get0_nextUpdate(native.get())) crl.next_update_ = time_of(next);
  return crl;
}

base::Result<std::vector<Crl>> read_crls(std::string_view text, std::string_view origin) {
  std::vector<Crl> crls;
  if (text.find("-----BEGIN") == std::string_view::npos) {
    GATE_TRY_ASSIGN(auto crl, crl_from_der(base::as_bytes(text), origin));
    crls.push_back(std::move(crl));
    return crls;
  }
  const auto bio = bio_reading(text);
  while (bssl::UniquePtr<X509_CRL> native{PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr)}) {
    if (crls.size() == kListsMax) {
      return base::fail(unreadable(origin, fmt::format("it holds more than {} lists", kListsMax)));
    }
    std::uint8_t* der = nullptr;
    const int size = i2d_X509_CRL(native.get(), &der);
    if (size < 0) return base::fail(unreadable(origin, last_library_reason()));
    auto crl = crl_from_der(native_bytes(der, static_cast<std::size_t>(size)), origin);
    OPENSSL_free(der);
    if (!crl) return base::fail(std::move(crl).error());
    crls.push_back(*std::move(crl));
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const std::string reason = last_library_reason();
  if (!at_end) return base::fail(unreadable(origin, reason));
  if (crls.empty()) return base::fail(unreadable(origin, "there is no PEM block \"X509 CRL\" in it"));
  return crls;
}

bool Crl::is_signed_by(const Certificate& issuer) const {
  const auto crl = native_of(der_);
  const auto x509 = x509_of(issuer.der());
  bssl::UniquePtr<EVP_PKEY> key(x509 == nullptr ? nullptr : X509_get_pubkey(x509.get()));
  const bool valid = crl != nullptr && key != nullptr &&
                     X509_NAME_cmp(X509_CRL_get_issuer(crl.get()), X509_get_subject_name(x509.get())) == 0 &&
                     X509_CRL_verify(crl.get(), key.get()) == 1;
  ERR_clear_error();
  return valid;
}

std::optional<base::WallTime> Crl::revoked_since(const Certificate& certificate) const {
  const auto crl = native_of(der_);
  const auto x509 = x509_of(certificate.der());
  GATE_CHECK(crl != nullptr && x509 != nullptr);  // both were read before
  X509_REVOKED* entry = nullptr;
  if (X509_CRL_get0_by_cert(crl.get(), &entry, x509.get()) != 1) return std::nullopt;
  return time_of(X509_REVOKED_get0_revocationDate(entry));
}

}  // namespace gate::cert

#include "cert/revocation_list.h"

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/mem.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "base/check.h"
#include "base/text.h"
#include "cert/native.h"

namespace gate::cert {

namespace {

constexpr int kVersion2 = 1;

struct ReasonName {
  RevocationReason reason;
  std::string_view name;
};
constexpr std::array kReasons{
    ReasonName{RevocationReason::kUnspecified, "unspecified"},
    ReasonName{RevocationReason::kKeyCompromise, "key-compromise"},
    ReasonName{RevocationReason::kAffiliationChanged, "affiliation-changed"},
    ReasonName{RevocationReason::kSuperseded, "superseded"},
    ReasonName{RevocationReason::kCessationOfOperation, "cessation-of-operation"},
    ReasonName{RevocationReason::kPrivilegeWithdrawn, "privilege-withdrawn"},
};

std::string letters_of(std::string_view text) {
  std::string letters = base::lowered(text);
  std::erase(letters, '-');
  return letters;
}

bssl::UniquePtr<ASN1_TIME> time_of(base::WallTime time) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
  bssl::UniquePtr<ASN1_TIME> result(ASN1_TIME_set_posix(nullptr, seconds));
  GATE_CHECK(result != nullptr);
  return result;
}

bssl::UniquePtr<ASN1_INTEGER> serial_of(const std::string& hex) {
  BIGNUM* parsed = nullptr;
  GATE_CHECK(BN_hex2bn(&parsed, hex.c_str()) == static_cast<int>(hex.size()));
  bssl::UniquePtr<BIGNUM> number(parsed);
  bssl::UniquePtr<ASN1_INTEGER> serial(BN_to_ASN1_INTEGER(number.get(), nullptr));
  GATE_CHECK(serial != nullptr);
  return serial;
}

void add_revoked(X509_CRL* list, const RevokedSerial& entry) {
  bssl::UniquePtr<X509_REVOKED> revoked(X509_REVOKED_new());
  GATE_CHECK(revoked && X509_REVOKED_set_serialNumber(revoked.get(), serial_of(entry.serial).get()) &&
             X509_REVOKED_set_revocationDate(revoked.get(), time_of(entry.at).get()));
  // RFC 5280 5.3.1: "the reason code CRL entry extension SHOULD be absent instead of using the unspecified (0)
  // reasonCode value."
  if (entry.reason != RevocationReason::kUnspecified) {
    bssl::UniquePtr<ASN1_ENUMERATED> reason(ASN1_ENUMERATED_new());
    GATE_CHECK(reason && ASN1_ENUMERATED_set(reason.get(), static_cast<long>(entry.reason)) &&
               X509_REVOKED_add1_ext_i2d(revoked.get(), NID_crl_reason, reason.get(), 0, 0) == 1);
  }
  GATE_CHECK(X509_CRL_add0_revoked(list, revoked.get()));
  static_cast<void>(revoked.release());
}

void add_extensions(X509_CRL* list, X509* issuer, std::uint64_t number) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, nullptr, nullptr, list, 0);
  bssl::UniquePtr<X509_EXTENSION> key_id(
      X509V3_EXT_nconf_nid(nullptr, &context, NID_authority_key_identifier, "keyid:always"));
  GATE_CHECK(key_id && X509_CRL_add_ext(list, key_id.get(), -1));
  bssl::UniquePtr<ASN1_INTEGER> count(ASN1_INTEGER_new());
  GATE_CHECK(count && ASN1_INTEGER_set_uint64(count.get(), number) &&
             X509_CRL_add1_ext_i2d(list, NID_crl_number, count.get(), 0, 0) == 1);
}

std::string to_der(X509_CRL* list) {
  std::uint8_t* der = nullptr;
  const int size = i2d_X509_CRL(list, &der);
  GATE_CHECK(size > 0);
  std::string text(base::as_text(native_bytes(der, static_cast<std::size_t>(size))));
  OPENSSL_free(der);
  return text;
}

std::string hex_of(const ASN1_INTEGER* serial) {
  bssl::UniquePtr<BIGNUM> number(ASN1_INTEGER_to_BN(serial, nullptr));
  bssl::UniquePtr<char> hex(number == nullptr ? nullptr : BN_bn2hex(number.get()));
  return hex == nullptr ? std::string() : base::lowered(hex.get());
}

}  // namespace

std::string_view to_string(RevocationReason reason) {
  const auto* found = std::ranges::find(kReasons, reason, &ReasonName::reason);
  return found == kReasons.end() ? "unspecified" : found->name;
}

std::optional<RevocationReason> parse_revocation_reason(std::string_view text) {
  const std::string letters = letters_of(text);
  const auto* found =
      std::ranges::find(kReasons, letters, [](const ReasonName& each) { return letters_of(each.name); });
  return found == kReasons.end() ? std::nullopt : std::optional(found->reason);
}

std::optional<RevocationReason> revocation_reason(int number) {
  const auto* found =
      std::ranges::find(kReasons, number, [](const ReasonName& each) { return static_cast<int>(each.reason); });
  return found == kReasons.end() ? std::nullopt : std::optional(found->reason);
}

std::string sign_revocation_list(const Certificate& root, const PrivateKey& root_key, std::uint64_t number,
                                 const Validity& validity, std::span<const RevokedSerial> revoked) {
  const std::uint8_t* at = native_data(root.der());
  bssl::UniquePtr<X509> issuer(d2i_X509(nullptr, &at, static_cast<long>(root.der().size())));
  bssl::UniquePtr<X509_CRL> list(X509_CRL_new());
  GATE_CHECK(issuer && list && X509_CRL_set_version(list.get(), kVersion2) &&
             X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(issuer.get())) &&
             X509_CRL_set1_lastUpdate(list.get(), time_of(validity.not_before).get()) &&
             X509_CRL_set1_nextUpdate(list.get(), time_of(validity.not_after).get()));
  for (const RevokedSerial& entry : revoked) add_revoked(list.get(), entry);
  GATE_CHECK(X509_CRL_sort(list.get()));
  add_extensions(list.get(), issuer.get(), number);
  GATE_CHECK(X509_CRL_sign(list.get(), root_key.native(), EVP_sha256()) > 0);
  return to_der(list.get());
}

std::optional<RevocationListFacts> read_revocation_list(base::ByteView der) {
  const std::uint8_t* at = native_data(der);
  bssl::UniquePtr<X509_CRL> list(d2i_X509_CRL(nullptr, &at, static_cast<long>(der.size())));
  std::int64_t next = 0;
  bssl::UniquePtr<ASN1_INTEGER> number(
      list == nullptr ? nullptr
                      : static_cast<ASN1_INTEGER*>(X509_CRL_get_ext_d2i(list.get(), NID_crl_number, nullptr, nullptr)));
  RevocationListFacts facts;
  const bool readable = number != nullptr && ASN1_INTEGER_get_uint64(&facts.number, number.get()) &&
                        X509_CRL_get0_nextUpdate(list.get()) != nullptr &&
                        ASN1_TIME_to_posix(X509_CRL_get0_nextUpdate(list.get()), &next);
  ERR_clear_error();
  if (!readable) return std::nullopt;
  facts.next_update = base::WallTime(std::chrono::seconds(next));
  const auto* entries = X509_CRL_get_REVOKED(list.get());
  const std::size_t count = entries == nullptr ? 0 : sk_X509_REVOKED_num(entries);
  for (std::size_t i = 0; i < count; ++i) {
    facts.serials.insert(hex_of(X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(entries, i))));
  }
  return facts;
}

std::string revocation_list_pem(std::string_view der) {
  bssl::UniquePtr<BIO> bio(BIO_new(BIO_s_mem()));
  GATE_CHECK(bio &&
             PEM_write_bio(bio.get(), "X509 CRL", "", native_data(base::as_bytes(der)), static_cast<long>(der.size())));
  return text_of(bio.get());
}

}  // namespace gate::cert

#include "cert/certificate.h"

#include <fmt/format.h>
#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/bytestring.h>
#include <openssl/err.h>
#include <openssl/mem.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "cert/codes.h"
#include "cert/native.h"

namespace gate::cert {

namespace {

constexpr std::size_t kCertificatesMax = 32;  // a file of thousands of certificates is a bundle given by mistake

std::string name_text(const X509_NAME* name) {
  bssl::UniquePtr<BIO> bio(BIO_new(BIO_s_mem()));
  constexpr unsigned long kReadable = ASN1_STRFLGS_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB);
  GATE_CHECK(bio != nullptr);
  if (X509_NAME_print_ex(bio.get(), name, 0, kReadable | XN_FLAG_SEP_CPLUS_SPC | XN_FLAG_FN_SN) < 0) return {};
  return text_of(bio.get());
}

std::string name_der(const X509_NAME* name) {
  std::uint8_t* der = nullptr;
  const int size = i2d_X509_NAME(const_cast<X509_NAME*>(name), &der);
  if (size < 0) return {};
  std::string copy(base::as_text(native_bytes(der, static_cast<std::size_t>(size))));
  OPENSSL_free(der);
  return copy;
}

std::string serial_text(const X509* x509) {
  bssl::UniquePtr<BIGNUM> number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(x509), nullptr));
  if (number == nullptr) return {};
  bssl::UniquePtr<char> hex(BN_bn2hex(number.get()));
  return hex == nullptr ? std::string() : base::lowered(hex.get());
}

std::optional<base::IpAddress> address_of(const ASN1_OCTET_STRING* octets) {
  const std::span bytes(ASN1_STRING_get0_data(octets), static_cast<std::size_t>(ASN1_STRING_length(octets)));
  std::array<std::uint8_t, 4> v4{};
  std::array<std::uint8_t, 16> v6{};
  if (bytes.size() == v4.size()) {
    std::copy(bytes.begin(), bytes.end(), v4.begin());
    return base::IpAddress::v4(v4);
  }
  if (bytes.size() != v6.size()) return std::nullopt;
  std::copy(bytes.begin(), bytes.end(), v6.begin());
  return base::IpAddress::v6(v6);
}

bool is_weak_digest(int signature_nid) {
  return signature_nid == NID_sha1WithRSAEncryption || signature_nid == NID_ecdsa_with_SHA1 ||
         signature_nid == NID_md5WithRSAEncryption;
}

base::Error unreadable(std::string_view origin, std::string why) {
  return {.code = kCannotParseCertificate,
          .side = base::Side::kConfiguration,
          .what = fmt::format("cannot read a certificate from {}", origin),
          .why = std::move(why),
          .fix = "the file must hold PEM blocks \"CERTIFICATE\", the server's own first"};
}

}  // namespace

// Fills a Certificate from the library's form.
class CertificateReader {
 public:
  static Certificate read(X509* x509, std::vector<std::byte> der) {
    Certificate certificate;
    certificate.der_ = std::move(der);
    read_names(certificate, x509);
    read_key(certificate, x509);
    certificate.serial_ = serial_text(x509);
    certificate.not_before_ = time_of(X509_get0_notBefore(x509));
    certificate.not_after_ = time_of(X509_get0_notAfter(x509));
    certificate.is_ca_ = (X509_get_extension_flags(x509) & EXFLAG_CA) != 0;
    certificate.is_weakly_signed_ = is_weak_digest(X509_get_signature_nid(x509));
    SHA256(native_data(certificate.der()), certificate.der_.size(),
           native_data(std::span<std::byte>(certificate.fingerprint_)));
    return certificate;
  }

 private:
  static void read_names(Certificate& certificate, X509* x509) {
    certificate.subject_ = name_text(X509_get_subject_name(x509));
    certificate.issuer_ = name_text(X509_get_issuer_name(x509));
    certificate.subject_der_ = name_der(X509_get_subject_name(x509));
    certificate.issuer_der_ = name_der(X509_get_issuer_name(x509));
    bssl::UniquePtr<GENERAL_NAMES> names(
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(x509, NID_subject_alt_name, nullptr, nullptr)));
    const std::size_t count = names == nullptr ? 0 : sk_GENERAL_NAME_num(names.get());
    for (std::size_t i = 0; i < count; ++i) read_name(certificate, *sk_GENERAL_NAME_value(names.get(), i));
  }

  static void read_name(Certificate& certificate, const GENERAL_NAME& name) {
    if (name.type == GEN_DNS) {
      const auto* text = name.d.dNSName;
      certificate.dns_names_.push_back(base::lowered(base::as_text(
          native_bytes(ASN1_STRING_get0_data(text), static_cast<std::size_t>(ASN1_STRING_length(text))))));
    }
    if (name.type == GEN_IPADD) {
      if (const auto address = address_of(name.d.iPAddress)) certificate.addresses_.push_back(*address);
    }
  }

  static void read_key(Certificate& certificate, const X509* x509) {
    bssl::UniquePtr<EVP_PKEY> key(X509_get_pubkey(x509));
    if (key == nullptr) {
      ERR_clear_error();  // an algorithm unknown to the library: it stays kOther
      return;
    }
    certificate.key_type_ = key_type_of(key.get());
    certificate.key_bits_ = static_cast<unsigned>(EVP_PKEY_bits(key.get()));
    certificate.public_key_info_ = public_key_info_of(key.get());
  }
};

base::Result<Certificate> Certificate::from_der(base::ByteView der, std::string_view origin) {
  const std::uint8_t* at = native_data(der);
  bssl::UniquePtr<X509> x509(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (x509 == nullptr) return base::fail(unreadable(origin, last_library_reason()));
  if (at != native_data(der) + der.size()) return base::fail(unreadable(origin, "bytes follow the certificate"));
  return CertificateReader::read(x509.get(), {der.begin(), der.end()});
}

std::string Certificate::to_pem() const {
  bssl::UniquePtr<BIO> bio(BIO_new(BIO_s_mem()));
  GATE_CHECK(bio && PEM_write_bio(bio.get(), "CERTIFICATE", "", native_data(der()), static_cast<long>(der_.size())));
  return text_of(bio.get());
}

bool Certificate::is_signed_by(const Certificate& issuer) const {
  if (!issuer.has_issued(*this)) return false;
  const std::uint8_t* subject_at = native_data(der());
  const std::uint8_t* issuer_at = native_data(issuer.der());
  bssl::UniquePtr<X509> subject_x509(d2i_X509(nullptr, &subject_at, static_cast<long>(der_.size())));
  bssl::UniquePtr<X509> issuer_x509(d2i_X509(nullptr, &issuer_at, static_cast<long>(issuer.der_.size())));
  bssl::UniquePtr<EVP_PKEY> key(issuer_x509 == nullptr ? nullptr : X509_get_pubkey(issuer_x509.get()));
  const bool valid = subject_x509 != nullptr && key != nullptr && X509_verify(subject_x509.get(), key.get()) == 1;
  ERR_clear_error();
  return valid;
}

std::string Certificate::key_text() const {
  std::string text(to_string(key_type_));
  if (key_type_ == KeyType::kRsa) text += " " + std::to_string(key_bits_);
  return text;
}

bool Certificate::covers(std::string_view name) const {
  if (const auto address = base::IpAddress::parse(name)) {
    return std::find(addresses_.begin(), addresses_.end(), *address) != addresses_.end();
  }
  return std::any_of(dns_names_.begin(), dns_names_.end(),
                     [&](const std::string& pattern) { return matches_dns_name(pattern, name); });
}

bool matches_dns_name(std::string_view pattern, std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);  // the absolute form of the same name
  if (name.empty()) return false;
  if (base::equals_ignoring_case(pattern, name)) return true;
  // RFC 9525 6.3: "There is only one wildcard character [and] the wildcard character appears only as the complete
  // content of the left-most label."
  if (!pattern.starts_with("*.")) return false;
  const auto dot = name.find('.');
  if (dot == 0 || dot == std::string_view::npos || name.front() == '*') return false;
  const std::string_view parent = pattern.substr(2);
  return !parent.empty() && parent.find('*') == std::string_view::npos &&
         base::equals_ignoring_case(parent, name.substr(dot + 1));
}

base::Result<std::vector<Certificate>> certificates_from_pem(std::string_view pem, std::string_view origin) {
  const auto bio = bio_reading(pem);
  std::vector<Certificate> certificates;
  while (bssl::UniquePtr<X509> x509{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
    if (certificates.size() == kCertificatesMax) {
      return base::fail(unreadable(origin, fmt::format("it holds more than {} certificates", kCertificatesMax)));
    }
    std::uint8_t* der = nullptr;
    const int size = i2d_X509(x509.get(), &der);
    if (size < 0) return base::fail(unreadable(origin, last_library_reason()));
    const auto bytes = native_bytes(der, static_cast<std::size_t>(size));
    certificates.push_back(CertificateReader::read(x509.get(), {bytes.begin(), bytes.end()}));
    OPENSSL_free(der);
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const std::string reason = last_library_reason();
  if (!at_end) return base::fail(unreadable(origin, reason));
  if (certificates.empty()) return base::fail(unreadable(origin, "there is no PEM block \"CERTIFICATE\" in it"));
  return certificates;
}

}  // namespace gate::cert

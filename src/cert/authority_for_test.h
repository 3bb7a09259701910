#pragma once

#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/mem.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "base/ip.h"
#include "base/text.h"
#include "cert/credential.h"
#include "cert/native.h"
#include "cert/rsa_key.h"

// Certificates of every shape a test needs. All are valid from `now` for `kLifetime`.
namespace gate::cert::for_test {

inline constexpr std::chrono::hours kLifetime{24 * 30};

namespace for_test_internal {

struct Shape {
  std::string common_name;
  std::vector<std::string> names;
  bool is_ca = false;
  const EVP_MD* digest = EVP_sha256();
  std::vector<std::pair<std::string, std::string>> extensions{};  // names and values as openssl.cnf has them
  long serial = 4711;
};

inline bssl::UniquePtr<X509> parse(const Certificate& certificate) {
  const std::uint8_t* at = native_data(certificate.der());
  return bssl::UniquePtr<X509>(d2i_X509(nullptr, &at, static_cast<long>(certificate.der().size())));
}

inline void extend(X509* x509, int nid, const std::string& value) {
  bssl::UniquePtr<X509_EXTENSION> extension(X509V3_EXT_nconf_nid(nullptr, nullptr, nid, value.c_str()));
  GATE_CHECK(extension && X509_add_ext(x509, extension.get(), -1));
}

inline Certificate sign(const Shape& shape, EVP_PKEY* key, const Credential* issuer, base::WallTime now) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  const auto lifetime = std::chrono::duration_cast<std::chrono::seconds>(kLifetime).count();
  bssl::UniquePtr<X509> x509(X509_new());
  GATE_CHECK(X509_set_version(x509.get(), 2) && ASN1_INTEGER_set(X509_get_serialNumber(x509.get()), shape.serial));
  GATE_CHECK(ASN1_TIME_set_posix(X509_getm_notBefore(x509.get()), seconds));
  GATE_CHECK(ASN1_TIME_set_posix(X509_getm_notAfter(x509.get()), seconds + lifetime));
  GATE_CHECK(X509_set_pubkey(x509.get(), key));
  X509_NAME* subject = X509_get_subject_name(x509.get());
  GATE_CHECK(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, native_data(base::as_bytes(shape.common_name)),
                                        static_cast<ossl_ssize_t>(shape.common_name.size()), -1, 0));
  const auto parent = issuer == nullptr ? nullptr : parse(issuer->leaf());
  GATE_CHECK(X509_set_issuer_name(x509.get(), parent ? X509_get_subject_name(parent.get()) : subject));
  extend(x509.get(), NID_basic_constraints, shape.is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
  std::string names;
  for (const auto& name : shape.names) {
    const char* kind = name.find('@') != std::string::npos ? "email" : base::IpAddress::parse(name) ? "IP" : "DNS";
    names += fmt::format("{}{}:{}", names.empty() ? "" : ",", kind, name);
  }
  if (!names.empty()) extend(x509.get(), NID_subject_alt_name, names);
  for (const auto& [name, value] : shape.extensions) {
    bssl::UniquePtr<X509_EXTENSION> extension(X509V3_EXT_nconf(nullptr, nullptr, name.c_str(), value.c_str()));
    GATE_CHECK(extension && X509_add_ext(x509.get(), extension.get(), -1));
  }
  GATE_CHECK(X509_sign(x509.get(), issuer == nullptr ? key : issuer->key.native(), shape.digest) > 0);
  std::uint8_t* der = nullptr;
  const int size = i2d_X509(x509.get(), &der);
  auto certificate = Certificate::from_der(native_bytes(der, static_cast<std::size_t>(size)), "test");
  OPENSSL_free(der);
  GATE_CHECK(certificate.has_value());
  return *std::move(certificate);
}

inline Credential make(const Shape& shape, PrivateKey key, const Credential* issuer, base::WallTime now) {
  std::vector<Certificate> chain{sign(shape, key.native(), issuer, now)};
  return {std::move(chain), std::move(key)};
}

}  // namespace for_test_internal

// Self-signed, without constraints.
inline Credential root(const std::string& name, base::WallTime now) {
  return for_test_internal::make({.common_name = name, .names = {}, .is_ca = true}, PrivateKey::generate(), nullptr,
                                 now);
}

inline Credential intermediate(const Credential& issuer, const std::string& name, base::WallTime now) {
  return for_test_internal::make({.common_name = name, .names = {}, .is_ca = true}, PrivateKey::generate(), &issuer,
                                 now);
}

// ECDSA P-256; the chain holds the leaf alone.
inline Credential leaf(const Credential& issuer, const std::vector<std::string>& names, base::WallTime now) {
  return for_test_internal::make({.common_name = "leaf", .names = names}, PrivateKey::generate(), &issuer, now);
}

// For the public half of `key`, with an identifier of the authority's key, as real ones have.
inline Certificate leaf_for(const Credential& issuer, EVP_PKEY* key, const std::vector<std::string>& names,
                            base::WallTime now) {
  const std::string identifier = fmt::format("DER:30168014{:040x}", 0x4711);
  return for_test_internal::sign({.common_name = "leaf", .names = names, .extensions = {{"2.5.29.35", identifier}}},
                                 key, &issuer, now);
}

inline Credential rsa_leaf(const Credential& issuer, const std::vector<std::string>& names, base::WallTime now) {
  return for_test_internal::make({.common_name = "leaf", .names = names}, generate_rsa_key(), &issuer, now);
}

inline Credential sha1_leaf(const Credential& issuer, const std::vector<std::string>& names, base::WallTime now) {
  return for_test_internal::make({.common_name = "leaf", .names = names, .digest = EVP_sha1()}, PrivateKey::generate(),
                                 &issuer, now);
}

// With further extensions, as openssl.cnf writes them.
inline Credential extended_leaf(const Credential& issuer, const std::vector<std::string>& names,
                                std::vector<std::pair<std::string, std::string>> extensions, base::WallTime now) {
  return for_test_internal::make({.common_name = "leaf", .names = names, .extensions = std::move(extensions)},
                                 PrivateKey::generate(), &issuer, now);
}

// For a client called `common_name`, and by `names` (DNS or mail).
inline Credential client(const Credential& issuer, const std::string& common_name,
                         const std::vector<std::string>& names, long serial, base::WallTime now) {
  return for_test_internal::make({.common_name = common_name,
                                  .names = names,
                                  .extensions = {{"extendedKeyUsage", "clientAuth"}},
                                  .serial = serial},
                                 PrivateKey::generate(), &issuer, now);
}

// The list of `issuer`, DER, that takes these serial numbers back; good from `now` to `until`.
inline std::string revocation_list(const Credential& issuer, const std::vector<long>& serials, base::WallTime now,
                                   base::WallTime until) {
  const auto set = [](ASN1_TIME* time, base::WallTime to) {
    GATE_CHECK(
        ASN1_TIME_set_posix(time, std::chrono::duration_cast<std::chrono::seconds>(to.time_since_epoch()).count()));
  };
  bssl::UniquePtr<ASN1_TIME> time(ASN1_TIME_new());
  bssl::UniquePtr<X509_CRL> crl(X509_CRL_new());
  const auto parent = for_test_internal::parse(issuer.leaf());
  GATE_CHECK(X509_CRL_set_version(crl.get(), 1));
  GATE_CHECK(X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(parent.get())));
  set(time.get(), now);
  GATE_CHECK(X509_CRL_set1_lastUpdate(crl.get(), time.get()));
  for (const long serial : serials) {
    bssl::UniquePtr<X509_REVOKED> entry(X509_REVOKED_new());
    bssl::UniquePtr<ASN1_INTEGER> number(ASN1_INTEGER_new());
    GATE_CHECK(ASN1_INTEGER_set(number.get(), serial) && X509_REVOKED_set_serialNumber(entry.get(), number.get()));
    GATE_CHECK(X509_REVOKED_set_revocationDate(entry.get(), time.get()));
    GATE_CHECK(X509_CRL_add0_revoked(crl.get(), entry.release()));
  }
  set(time.get(), until);
  GATE_CHECK(X509_CRL_set1_nextUpdate(crl.get(), time.get()));
  GATE_CHECK(X509_CRL_sort(crl.get()) && X509_CRL_sign(crl.get(), issuer.key.native(), EVP_sha256()) > 0);
  std::uint8_t* der = nullptr;
  const int size = i2d_X509_CRL(crl.get(), &der);
  std::string text(base::as_text(native_bytes(der, static_cast<std::size_t>(size))));
  OPENSSL_free(der);
  return text;
}

// A server's, whose revocation can be asked for at these URLs where there are; with its issuer as one chain.
inline Credential revocable(const Credential& issuer, const std::vector<std::string>& names, long serial,
                            const std::string& responder, const std::string& list, base::WallTime now) {
  std::vector<std::pair<std::string, std::string>> extensions;
  if (!responder.empty()) extensions.emplace_back("authorityInfoAccess", "OCSP;URI:" + responder);
  if (!list.empty()) extensions.emplace_back("crlDistributionPoints", "URI:" + list);
  auto leaf = for_test_internal::make(
      {.common_name = "leaf", .names = names, .extensions = std::move(extensions), .serial = serial},
      PrivateKey::generate(), &issuer, now);
  leaf.chain.push_back(issuer.leaf());
  return leaf;
}

// The leaf followed by its issuer's certificate, as one chain.
inline Credential chained(Credential leaf, const Credential& issuer) {
  leaf.chain.push_back(issuer.leaf());
  return leaf;
}

}  // namespace gate::cert::for_test

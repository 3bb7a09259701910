#include "cert/issue.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/bn.h>
#include <openssl/bytestring.h>
#include <openssl/evp.h>
#include <openssl/mem.h>
#include <openssl/obj.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/check.h"
#include "base/ip.h"
#include "base/text.h"
#include "cert/native.h"

namespace gate::cert {

namespace {

constexpr int kVersion3 = 2;
constexpr int kSerialBits = 127;  // CA/Browser Forum: at least 64 random bits; RFC 5280 4.1.2.2: at most 20 octets

std::int64_t seconds(base::WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

void set_serial(X509* x509) {
  bssl::UniquePtr<BIGNUM> number(BN_new());
  GATE_CHECK(number && BN_rand(number.get(), kSerialBits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY));
  GATE_CHECK(BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(x509)) != nullptr);
}

bssl::UniquePtr<X509> begin(EVP_PKEY* subject_key, const Validity& validity) {
  bssl::UniquePtr<X509> x509(X509_new());
  GATE_CHECK(x509 && X509_set_version(x509.get(), kVersion3));
  set_serial(x509.get());
  GATE_CHECK(ASN1_TIME_set_posix(X509_getm_notBefore(x509.get()), seconds(validity.not_before)));
  GATE_CHECK(ASN1_TIME_set_posix(X509_getm_notAfter(x509.get()), seconds(validity.not_after)));
  GATE_CHECK(X509_set_pubkey(x509.get(), subject_key));
  return x509;
}

bssl::UniquePtr<EVP_PKEY> public_key(const std::string& info) {
  CBS in;
  CBS_init(&in, native_data(base::as_bytes(info)), info.size());
  bssl::UniquePtr<EVP_PKEY> key(EVP_parse_public_key(&in));
  GATE_CHECK(key != nullptr);
  return key;
}

void add_name(X509_NAME* name, const char* field, const std::string& text) {
  GATE_CHECK(X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, native_data(base::as_bytes(text)),
                                        static_cast<ossl_ssize_t>(text.size()), -1, 0));
}

// `issuer` is `x509` itself for a root.
void add_extension(X509* x509, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, x509, nullptr, nullptr, 0);
  bssl::UniquePtr<X509_EXTENSION> extension(X509V3_EXT_nconf_nid(nullptr, &context, nid, value.c_str()));
  GATE_CHECK(extension && X509_add_ext(x509, extension.get(), -1));
}

Certificate finish(X509* x509, const PrivateKey& signer) {
  GATE_CHECK(X509_sign(x509, signer.native(), EVP_sha256()) > 0);
  std::uint8_t* der = nullptr;
  const int size = i2d_X509(x509, &der);
  GATE_CHECK(size > 0);
  auto certificate = Certificate::from_der(native_bytes(der, static_cast<std::size_t>(size)), "a fresh certificate");
  OPENSSL_free(der);
  GATE_CHECK(certificate.has_value());
  return *std::move(certificate);
}

// Empty when the leaf has no names of these kinds.
std::string subject_alternative_names(const LeafContent& content) {
  std::vector<std::string> parts;
  // RFC 5280 4.2.1.6: "If the subject field contains an empty sequence, then [...] subjectAltName MUST be critical".
  if (content.common_name.empty()) parts.emplace_back("critical");
  for (const std::string& name : content.names) {
    parts.push_back((base::IpAddress::parse(name) ? "IP:" : "DNS:") + name);
  }
  for (const std::string& address : content.mail_addresses) parts.push_back("email:" + address);
  return fmt::format("{}", fmt::join(parts, ","));
}

// RFC 8737 3: "The acmeIdentifier extension MUST be critical". Its value is an OCTET STRING of the digest.
void add_acme_identifier(X509* x509, std::span<const std::byte, 32> digest) {
  std::string value{V_ASN1_OCTET_STRING, static_cast<char>(digest.size())};
  value += base::as_text(digest);
  bssl::UniquePtr<ASN1_OBJECT> type(OBJ_txt2obj("1.3.6.1.5.5.7.1.31", 1));
  bssl::UniquePtr<ASN1_OCTET_STRING> octets(ASN1_OCTET_STRING_new());
  GATE_CHECK(type && octets &&
             ASN1_OCTET_STRING_set(octets.get(), native_data(base::as_bytes(value)), static_cast<int>(value.size())));
  bssl::UniquePtr<X509_EXTENSION> extension(X509_EXTENSION_create_by_OBJ(nullptr, type.get(), 1, octets.get()));
  GATE_CHECK(extension && X509_add_ext(x509, extension.get(), -1));
}

std::string request_der(X509_REQ* request) {
  std::uint8_t* der = nullptr;
  const int size = i2d_X509_REQ(request, &der);
  GATE_CHECK(size > 0);
  std::string text(base::as_text(native_bytes(der, static_cast<std::size_t>(size))));
  OPENSSL_free(der);
  return text;
}

void free_extensions(STACK_OF(X509_EXTENSION) * extensions) {
  sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
}

}  // namespace

Certificate make_root(const PrivateKey& key, const RootName& name, const NameConstraints* constraints,
                      const Validity& validity) {
  const auto x509 = begin(key.native(), validity);
  X509_NAME* subject = X509_get_subject_name(x509.get());
  add_name(subject, "O", name.organization);
  add_name(subject, "CN", name.common_name);
  GATE_CHECK(X509_set_issuer_name(x509.get(), subject));
  add_extension(x509.get(), x509.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  add_extension(x509.get(), x509.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(x509.get(), x509.get(), NID_subject_key_identifier, "hash");
  if (constraints != nullptr) {
    add_extension(x509.get(), x509.get(), NID_name_constraints, constraints->to_extension_text());
  }
  return finish(x509.get(), key);
}

Certificate make_leaf(const Certificate& root, const PrivateKey& root_key, const LeafContent& content) {
  const std::uint8_t* at = native_data(root.der());
  bssl::UniquePtr<X509> issuer(d2i_X509(nullptr, &at, static_cast<long>(root.der().size())));
  GATE_CHECK(issuer != nullptr);
  const auto x509 = begin(public_key(content.public_key_info).get(), content.validity);
  GATE_CHECK(X509_set_issuer_name(x509.get(), X509_get_subject_name(issuer.get())));
  if (!content.common_name.empty()) add_name(X509_get_subject_name(x509.get()), "CN", content.common_name);
  const bool server = content.purpose == Purpose::kServer;
  add_extension(x509.get(), issuer.get(), NID_basic_constraints, "critical,CA:FALSE");
  add_extension(x509.get(), issuer.get(), NID_key_usage, "critical,digitalSignature");
  add_extension(x509.get(), issuer.get(), NID_ext_key_usage, server ? "serverAuth" : "clientAuth");
  add_extension(x509.get(), issuer.get(), NID_subject_key_identifier, "hash");
  add_extension(x509.get(), issuer.get(), NID_authority_key_identifier, "keyid:always");
  if (!content.names.empty() || !content.mail_addresses.empty()) {
    add_extension(x509.get(), issuer.get(), NID_subject_alt_name, subject_alternative_names(content));
  }
  if (!content.revocation_url.empty()) {
    add_extension(x509.get(), issuer.get(), NID_crl_distribution_points, "URI:" + content.revocation_url);
  }
  return finish(x509.get(), root_key);
}

Credential make_tls_alpn_01(const std::string& name, std::span<const std::byte, 32> key_authorization_digest,
                            const Validity& validity) {
  PrivateKey key = PrivateKey::generate();
  const auto x509 = begin(key.native(), validity);
  X509_NAME* subject = X509_get_subject_name(x509.get());
  add_name(subject, "CN", "ACME challenge");
  GATE_CHECK(X509_set_issuer_name(x509.get(), subject));
  add_extension(x509.get(), x509.get(), NID_subject_alt_name, subject_alternative_names({.names = {&name, 1}}));
  add_acme_identifier(x509.get(), key_authorization_digest);
  std::vector<Certificate> chain{finish(x509.get(), key)};
  return {std::move(chain), std::move(key)};
}

Certificate make_self_signed(const PrivateKey& key, std::span<const std::string> names, const Validity& validity) {
  const auto x509 = begin(key.native(), validity);
  X509_NAME* name = X509_get_subject_name(x509.get());
  add_name(name, "O", "Gate443");
  GATE_CHECK(X509_set_issuer_name(x509.get(), name));
  add_extension(x509.get(), x509.get(), NID_basic_constraints, "critical,CA:FALSE");
  add_extension(x509.get(), x509.get(), NID_key_usage, "critical,digitalSignature");
  add_extension(x509.get(), x509.get(), NID_ext_key_usage, "serverAuth");
  add_extension(x509.get(), x509.get(), NID_subject_alt_name, subject_alternative_names({.names = names}));
  return finish(x509.get(), key);
}

std::string make_request(const PrivateKey& key, std::span<const std::string> names) {
  const bssl::UniquePtr<X509_REQ> request(X509_REQ_new());
  GATE_CHECK(request && X509_REQ_set_version(request.get(), X509_REQ_VERSION_1));
  GATE_CHECK(X509_REQ_set_pubkey(request.get(), key.native()));
  X509V3_CTX context;
  X509V3_set_ctx(&context, nullptr, nullptr, request.get(), nullptr, 0);
  const std::string value = subject_alternative_names({.names = names});
  const std::unique_ptr<STACK_OF(X509_EXTENSION), decltype(&free_extensions)> extensions(sk_X509_EXTENSION_new_null(),
                                                                                         free_extensions);
  bssl::UniquePtr<X509_EXTENSION> extension(
      X509V3_EXT_nconf_nid(nullptr, &context, NID_subject_alt_name, value.c_str()));
  GATE_CHECK(extension && sk_X509_EXTENSION_push(extensions.get(), extension.get()) > 0);
  static_cast<void>(extension.release());
  GATE_CHECK(X509_REQ_add_extensions(request.get(), extensions.get()));
  GATE_CHECK(X509_REQ_sign(request.get(), key.native(), EVP_sha256()) > 0);
  return request_der(request.get());
}

}  // namespace gate::cert

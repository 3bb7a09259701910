#include "cert/verify_client.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/mem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <chrono>
#include <string_view>

#include "base/check.h"
#include "base/text.h"
#include "cert/native.h"

namespace gate::cert {

namespace {

constexpr int kIntermediatesMax = 8;  // long chains cost a client nothing and us a signature each
constexpr unsigned kRsaBitsMin = 2048;

bool is_weak(const Certificate& certificate) {
  return certificate.is_weakly_signed() ||
         (certificate.key_type() == KeyType::kRsa && certificate.key_bits() < kRsaBitsMin);
}

Certificate certificate_of(X509* x509) {
  std::uint8_t* der = nullptr;
  const int size = i2d_X509(x509, &der);
  GATE_CHECK(size > 0);
  auto certificate = Certificate::from_der(native_bytes(der, static_cast<std::size_t>(size)), "a client");
  OPENSSL_free(der);
  GATE_CHECK(certificate.has_value());  // the library has read it before
  return *std::move(certificate);
}

// What was verified, without the root.
std::vector<Certificate> chain_of(X509_STORE_CTX* context) {
  const STACK_OF(X509)* verified = X509_STORE_CTX_get0_chain(context);
  std::vector<Certificate> chain;
  for (std::size_t i = 0; i < sk_X509_num(verified); ++i) chain.push_back(certificate_of(sk_X509_value(verified, i)));
  if (chain.size() > 1) chain.pop_back();
  return chain;
}

// Names with control characters are nobody's.
void add_name(std::vector<std::string>& names, const ASN1_STRING* text) {
  std::uint8_t* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, text);
  if (size < 0) {
    ERR_clear_error();
    return;
  }
  std::string name(base::as_text(native_bytes(utf8, static_cast<std::size_t>(size))));
  OPENSSL_free(utf8);
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (!name.empty() && std::ranges::none_of(name, is_control)) names.push_back(std::move(name));
}

}  // namespace

ClientVerifier::ClientVerifier(std::span<const Certificate> trusted, std::span<const Crl> crls)
    : roots_(Roots::of(trusted)), with_crls_(!crls.empty()) {
  for (const Crl& crl : crls) {
    const std::uint8_t* at = native_data(crl.der());
    bssl::UniquePtr<X509_CRL> native(d2i_X509_CRL(nullptr, &at, static_cast<long>(crl.der().size())));
    GATE_CHECK(native != nullptr && X509_STORE_add_crl(roots_.native(), native.get()));
  }
}

std::expected<std::vector<Certificate>, ClientFault> ClientVerifier::verify(std::span<const base::ByteView> sent,
                                                                            base::WallTime now) const {
  const auto unreadable = std::unexpected(ClientFault{X509_V_ERR_CERT_REJECTED, "it cannot be read"});
  bssl::UniquePtr<STACK_OF(X509)> others(sk_X509_new_null());
  const auto leaf = sent.empty() ? nullptr : x509_of(sent.front());
  if (leaf == nullptr) return unreadable;
  for (const auto der : sent.subspan(1)) {
    auto x509 = x509_of(der);
    if (x509 == nullptr) return unreadable;
    GATE_CHECK(bssl::PushToStack(others.get(), std::move(x509)));
  }
  bssl::UniquePtr<X509_STORE_CTX> context(X509_STORE_CTX_new());
  GATE_CHECK(context && X509_STORE_CTX_init(context.get(), roots_.native(), leaf.get(), others.get()));
  GATE_CHECK(X509_STORE_CTX_set_default(context.get(), "ssl_client"));
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_depth(parameters, kIntermediatesMax);
  if (with_crls_) X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  X509_VERIFY_PARAM_set_time_posix(parameters,
                                   std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count());
  const bool verified = X509_verify_cert(context.get()) == 1;
  ERR_clear_error();
  if (!verified) {
    const int reason = X509_STORE_CTX_get_error(context.get());
    return std::unexpected(ClientFault{reason, X509_verify_cert_error_string(reason)});
  }
  auto chain = chain_of(context.get());
  if (std::ranges::any_of(chain, is_weak)) {
    return std::unexpected(ClientFault{X509_V_ERR_CERT_REJECTED, "its key or a signature of its chain is too weak"});
  }
  return chain;
}

std::vector<std::string> client_names(const Certificate& certificate) {
  std::vector<std::string> names;
  const auto x509 = x509_of(certificate.der());
  GATE_CHECK(x509 != nullptr);
  bssl::UniquePtr<GENERAL_NAMES> alternatives(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(x509.get(), NID_subject_alt_name, nullptr, nullptr)));
  for (std::size_t i = 0; alternatives != nullptr && i < sk_GENERAL_NAME_num(alternatives.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(alternatives.get(), i);
    if (name->type == GEN_DNS || name->type == GEN_EMAIL || name->type == GEN_URI) add_name(names, name->d.ia5);
  }
  const X509_NAME* subject = X509_get_subject_name(x509.get());
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at >= 0) add_name(names, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  return names;
}

}  // namespace gate::cert

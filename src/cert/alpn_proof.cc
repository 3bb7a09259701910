#include "cert/alpn_proof.h"

#include <openssl/err.h>
#include <openssl/mem.h>
#include <openssl/obj.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <string>

#include "base/check.h"
#include "base/text.h"
#include "cert/native.h"

namespace gate::cert {

namespace {

// Kinds of names that are not read elsewhere count too.
bool has_one_name(const X509* x509) {
  bssl::UniquePtr<GENERAL_NAMES> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(x509, NID_subject_alt_name, nullptr, nullptr)));
  ERR_clear_error();
  return names != nullptr && sk_GENERAL_NAME_num(names.get()) == 1;
}

bool is_for(const Certificate& certificate, std::string_view name) {
  if (const auto address = base::IpAddress::parse(name)) {
    return certificate.addresses().size() == 1 && certificate.addresses().front() == *address;
  }
  return certificate.dns_names().size() == 1 && base::equals_ignoring_case(certificate.dns_names().front(), name);
}

bool carries(const X509* x509, std::span<const std::byte, 32> digest) {
  bssl::UniquePtr<ASN1_OBJECT> type(OBJ_txt2obj("1.3.6.1.5.5.7.1.31", 1));
  GATE_CHECK(type != nullptr);
  const int at = X509_get_ext_by_OBJ(x509, type.get(), -1);
  const X509_EXTENSION* extension = at < 0 ? nullptr : X509_get_ext(x509, at);
  if (extension == nullptr || X509_EXTENSION_get_critical(extension) == 0) return false;
  const ASN1_OCTET_STRING* value = X509_EXTENSION_get_data(extension);
  // RFC 8737 3: "Authorization ::= OCTET STRING (SIZE (32))"
  std::string wanted{V_ASN1_OCTET_STRING, static_cast<char>(digest.size())};
  wanted += base::as_text(digest);
  return base::as_text(
             native_bytes(ASN1_STRING_get0_data(value), static_cast<std::size_t>(ASN1_STRING_length(value)))) == wanted;
}

}  // namespace

bool proves_by_alpn(const Certificate& certificate, std::string_view name, std::span<const std::byte, 32> digest) {
  const std::uint8_t* at = native_data(certificate.der());
  bssl::UniquePtr<X509> x509(d2i_X509(nullptr, &at, static_cast<long>(certificate.der().size())));
  return x509 != nullptr && has_one_name(x509.get()) && is_for(certificate, name) && carries(x509.get(), digest);
}

}  // namespace gate::cert

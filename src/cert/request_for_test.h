#pragma once

#include <fmt/format.h>
#include <openssl/mem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <string>
#include <vector>

#include "base/check.h"
#include "base/ip.h"
#include "base/text.h"
#include "cert/native.h"
#include "cert/private_key.h"

namespace gate::cert::for_test {

// A request for a certificate as clients make it: DER, with the names in an extension and an empty subject.
inline std::string request(const PrivateKey& key, const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) {
    text += fmt::format("{}{}:{}", text.empty() ? "" : ",", base::IpAddress::parse(name) ? "IP" : "DNS", name);
  }
  bssl::UniquePtr<X509_REQ> made(X509_REQ_new());
  bssl::UniquePtr<STACK_OF(X509_EXTENSION)> extensions(sk_X509_EXTENSION_new_null());
  X509_EXTENSION* extension = X509V3_EXT_nconf_nid(nullptr, nullptr, NID_subject_alt_name, text.c_str());
  GATE_CHECK(extension != nullptr && sk_X509_EXTENSION_push(extensions.get(), extension));
  GATE_CHECK(X509_REQ_set_pubkey(made.get(), key.native()) && X509_REQ_add_extensions(made.get(), extensions.get()) &&
             X509_REQ_sign(made.get(), key.native(), EVP_sha256()) > 0);
  std::uint8_t* der = nullptr;
  const int size = i2d_X509_REQ(made.get(), &der);
  GATE_CHECK(size > 0);
  std::string bytes(base::as_text(native_bytes(der, static_cast<std::size_t>(size))));
  OPENSSL_free(der);
  return bytes;
}

}  // namespace gate::cert::for_test

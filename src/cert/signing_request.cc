#include "cert/signing_request.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/mem.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "base/ip.h"
#include "base/text.h"
#include "cert/codes.h"
#include "cert/native.h"

namespace gate::cert {

namespace {

constexpr unsigned kRsaBitsMin = 2048;
constexpr unsigned kRsaBitsMax = 8192;  // the work of a verification grows with the square

base::Error unreadable(std::string_view origin, std::string why) {
  return {.code = kCannotReadRequest,
          .side = base::Side::kConfiguration,
          .what = fmt::format("cannot use the certificate request in {}", origin),
          .why = std::move(why),
          .fix =
              "make one with: openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj / "
              "-addext subjectAltName=DNS:NAME -keyout KEY -out REQUEST"};
}

std::string text_of(const ASN1_STRING* string) {
  return std::string(
      base::as_text(native_bytes(ASN1_STRING_get0_data(string), static_cast<std::size_t>(ASN1_STRING_length(string)))));
}

std::string common_name_of(const X509_NAME* subject) {
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return {};
  std::uint8_t* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  if (size < 0) return {};
  std::string text(base::as_text(native_bytes(utf8, static_cast<std::size_t>(size))));
  OPENSSL_free(utf8);
  return text;
}

std::optional<std::string> address_text(const ASN1_OCTET_STRING* octets) {
  const std::span bytes(ASN1_STRING_get0_data(octets), static_cast<std::size_t>(ASN1_STRING_length(octets)));
  std::array<std::uint8_t, 4> v4{};
  std::array<std::uint8_t, 16> v6{};
  if (bytes.size() == v4.size()) {
    std::copy(bytes.begin(), bytes.end(), v4.begin());
    return base::IpAddress::v4(v4).to_string();
  }
  if (bytes.size() != v6.size()) return std::nullopt;
  std::copy(bytes.begin(), bytes.end(), v6.begin());
  return base::IpAddress::v6(v6).to_string();
}

void read_name(SigningRequest& request, const GENERAL_NAME& name) {
  if (name.type == GEN_DNS) {
    request.names.push_back(base::lowered(text_of(name.d.dNSName)));
  } else if (name.type == GEN_EMAIL) {
    request.mail_addresses.push_back(text_of(name.d.rfc822Name));
  } else if (auto address = name.type == GEN_IPADD ? address_text(name.d.iPAddress) : std::nullopt) {
    request.names.push_back(*std::move(address));
  } else {
    request.asks_for_more = true;
  }
}

bool read_names(SigningRequest& request, const X509_EXTENSION* extension) {
  bssl::UniquePtr<GENERAL_NAMES> names(static_cast<GENERAL_NAMES*>(X509V3_EXT_d2i(extension)));
  if (names == nullptr) return false;
  for (std::size_t i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    read_name(request, *sk_GENERAL_NAME_value(names.get(), i));
  }
  return true;
}

bool asks_for_authority(const X509_EXTENSION* extension) {
  bssl::UniquePtr<BASIC_CONSTRAINTS> constraints(static_cast<BASIC_CONSTRAINTS*>(X509V3_EXT_d2i(extension)));
  return constraints == nullptr || constraints->ca != 0;
}

bool read_extension(SigningRequest& request, const X509_EXTENSION* extension) {
  switch (OBJ_obj2nid(X509_EXTENSION_get_object(extension))) {
    case NID_subject_alt_name: return read_names(request, extension);
    case NID_basic_constraints: request.asks_for_more |= asks_for_authority(extension); return true;
    // Leaves have these, with contents of our choice.
    case NID_key_usage:
    case NID_ext_key_usage:
    case NID_subject_key_identifier: return true;
    default: request.asks_for_more = true; return true;
  }
}

bool read_extensions(SigningRequest& request, const X509_REQ* req) {
  bssl::UniquePtr<STACK_OF(X509_EXTENSION)> all(X509_REQ_get_extensions(req));
  const std::size_t count = all == nullptr ? 0 : sk_X509_EXTENSION_num(all.get());
  for (std::size_t i = 0; i < count; ++i) {
    if (!read_extension(request, sk_X509_EXTENSION_value(all.get(), i))) return false;
  }
  return true;
}

base::Result<void> judge_key(const EVP_PKEY* key, std::string_view origin) {
  const KeyType type = key_type_of(key);
  const auto bits = static_cast<unsigned>(EVP_PKEY_bits(key));
  if (type != KeyType::kOther && (type != KeyType::kRsa || (bits >= kRsaBitsMin && bits <= kRsaBitsMax))) return {};
  base::Error error = unreadable(
      origin, type == KeyType::kRsa
                  ? fmt::format("its RSA key has {} bits; from {} to {} are accepted", bits, kRsaBitsMin, kRsaBitsMax)
                  : std::string("its key is neither ECDSA on P-256, P-384 or P-521 nor RSA"));
  error.code = type == KeyType::kRsa ? kWeakKey : kUnsupportedKey;
  return base::fail(std::move(error));
}

base::Result<SigningRequest> read(X509_REQ* req, std::string_view origin) {
  bssl::UniquePtr<EVP_PKEY> key(X509_REQ_get_pubkey(req));
  if (key == nullptr) return base::fail(unreadable(origin, last_library_reason()));
  GATE_TRY(judge_key(key.get(), origin));
  if (X509_REQ_verify(req, key.get()) != 1) {
    ERR_clear_error();
    return base::fail(unreadable(origin, "its signature is not by the key it asks a certificate for"));
  }
  SigningRequest request;
  request.common_name = common_name_of(X509_REQ_get_subject_name(req));
  request.public_key_info = public_key_info_of(key.get());
  const bool readable = read_extensions(request, req);
  const std::string reason = readable ? "" : last_library_reason();
  ERR_clear_error();
  if (!readable) return base::fail(unreadable(origin, reason));
  return request;
}

}  // namespace

base::Result<SigningRequest> SigningRequest::from_der(base::ByteView der, std::string_view origin) {
  if (der.size() > kBytesMax)
    return base::fail(unreadable(origin, fmt::format("it has more than {} bytes", kBytesMax)));
  const std::uint8_t* at = native_data(der);
  bssl::UniquePtr<X509_REQ> req(d2i_X509_REQ(nullptr, &at, static_cast<long>(der.size())));
  if (req == nullptr) return base::fail(unreadable(origin, last_library_reason()));
  if (at != native_data(der) + der.size()) return base::fail(unreadable(origin, "bytes follow the request"));
  return read(req.get(), origin);
}

base::Result<SigningRequest> SigningRequest::from_pem(std::string_view pem, std::string_view origin) {
  const auto bio = bio_reading(pem.substr(0, 2 * kBytesMax));
  bssl::UniquePtr<X509_REQ> req(PEM_read_bio_X509_REQ(bio.get(), nullptr, nullptr, nullptr));
  if (req == nullptr) return base::fail(unreadable(origin, last_library_reason()));
  return read(req.get(), origin);
}

}  // namespace gate::cert

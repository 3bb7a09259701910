#include "cert/details.h"

#include <openssl/asn1.h>
#include <openssl/bytestring.h>
#include <openssl/err.h>
#include <openssl/nid.h>
#include <openssl/obj.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/text.h"
#include "cert/native.h"

namespace gate::cert {

namespace {

void add_url(std::vector<std::string>& urls, const GENERAL_NAME* name) {
  if (name == nullptr || name->type != GEN_URI) return;
  const auto* text = name->d.uniformResourceIdentifier;
  urls.emplace_back(
      base::as_text(native_bytes(ASN1_STRING_get0_data(text), static_cast<std::size_t>(ASN1_STRING_length(text)))));
}

void read_crl_urls(const X509* x509, Details& details) {
  const bssl::UniquePtr<CRL_DIST_POINTS> points(
      static_cast<CRL_DIST_POINTS*>(X509_get_ext_d2i(x509, NID_crl_distribution_points, nullptr, nullptr)));
  for (std::size_t i = 0; points != nullptr && i < sk_DIST_POINT_num(points.get()); ++i) {
    const DIST_POINT* point = sk_DIST_POINT_value(points.get(), i);
    if (point->distpoint == nullptr || point->distpoint->type != 0) continue;  // 0: it has full names
    const GENERAL_NAMES* names = point->distpoint->name.fullname;
    for (std::size_t k = 0; k < sk_GENERAL_NAME_num(names); ++k)
      add_url(details.crl_urls, sk_GENERAL_NAME_value(names, k));
  }
}

void read_authority_access(const X509* x509, Details& details) {
  const bssl::UniquePtr<AUTHORITY_INFO_ACCESS> access(
      static_cast<AUTHORITY_INFO_ACCESS*>(X509_get_ext_d2i(x509, NID_info_access, nullptr, nullptr)));
  for (std::size_t i = 0; access != nullptr && i < sk_ACCESS_DESCRIPTION_num(access.get()); ++i) {
    const ACCESS_DESCRIPTION* each = sk_ACCESS_DESCRIPTION_value(access.get(), i);
    const int method = OBJ_obj2nid(each->method);
    if (method == NID_ad_OCSP) add_url(details.ocsp_urls, each->location);
    if (method == NID_ad_ca_issuers) add_url(details.issuer_urls, each->location);
  }
}

// RFC 6962 3.3: an OCTET STRING that holds a list of promises, each with its length before it.
std::size_t count_scts(const X509* x509) {
  const bssl::UniquePtr<ASN1_OBJECT> id(OBJ_txt2obj("1.3.6.1.4.1.11129.2.4.2", 1));
  const int place = id == nullptr ? -1 : X509_get_ext_by_OBJ(x509, id.get(), -1);
  if (place < 0) return 0;
  const ASN1_OCTET_STRING* value = X509_EXTENSION_get_data(X509_get_ext(x509, place));
  CBS der;
  CBS octets;
  CBS_init(&der, ASN1_STRING_get0_data(value), static_cast<std::size_t>(ASN1_STRING_length(value)));
  if (CBS_get_asn1(&der, &octets, CBS_ASN1_OCTETSTRING) == 0) return 0;
  base::ByteReader reader(native_bytes(CBS_data(&octets), CBS_len(&octets)));
  const auto list = reader.vector16();
  if (!list) return 0;
  std::size_t count = 0;
  for (base::ByteReader scts(*list); scts.vector16();) ++count;
  return count;
}

}  // namespace

Details details_of(const Certificate& certificate) {
  Details details;
  const std::uint8_t* at = native_data(certificate.der());
  const bssl::UniquePtr<X509> x509(d2i_X509(nullptr, &at, static_cast<long>(certificate.der().size())));
  if (x509 == nullptr) return details;
  read_crl_urls(x509.get(), details);
  read_authority_access(x509.get(), details);
  details.scts = count_scts(x509.get());
  ERR_clear_error();
  return details;
}

}  // namespace gate::cert

#include "cert/revocation.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/mem.h>
#include <openssl/ocsp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "cert/codes.h"
#include "cert/native.h"

namespace gate::cert {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t kUrlsMax = 4;
constexpr std::size_t kUrlBytesMax = 2048;
constexpr auto kClocksDiffer = 5min;

base::Error unusable(std::string why) {
  return {.code = kBadRevocationAnswer,
          .side = base::Side::kUpstream,
          .what = "the answer of an OCSP responder is of no use",
          .why = std::move(why)};
}

void add_url(std::vector<std::string>& urls, const GENERAL_NAME* name) {
  if (name->type != GEN_URI || urls.size() == kUrlsMax) return;
  const ASN1_IA5STRING* text = name->d.uniformResourceIdentifier;
  const auto url =
      base::as_text(native_bytes(ASN1_STRING_get0_data(text), static_cast<std::size_t>(ASN1_STRING_length(text))));
  const bool is_visible = std::ranges::all_of(url, [](char c) { return c > ' ' && c < '\x7f'; });
  const bool is_http = url.starts_with("http://") || url.starts_with("https://");
  if (is_http && is_visible && url.size() <= kUrlBytesMax) urls.emplace_back(url);
}

void add_responders(RevocationSources& sources, const X509* x509) {
  bssl::UniquePtr<AUTHORITY_INFO_ACCESS> access(
      static_cast<AUTHORITY_INFO_ACCESS*>(X509_get_ext_d2i(x509, NID_info_access, nullptr, nullptr)));
  for (std::size_t i = 0; access != nullptr && i < sk_ACCESS_DESCRIPTION_num(access.get()); ++i) {
    const ACCESS_DESCRIPTION* each = sk_ACCESS_DESCRIPTION_value(access.get(), i);
    if (OBJ_obj2nid(each->method) == NID_ad_OCSP) add_url(sources.responders, each->location);
  }
}

void add_lists(RevocationSources& sources, const X509* x509) {
  bssl::UniquePtr<CRL_DIST_POINTS> points(
      static_cast<CRL_DIST_POINTS*>(X509_get_ext_d2i(x509, NID_crl_distribution_points, nullptr, nullptr)));
  for (std::size_t i = 0; points != nullptr && i < sk_DIST_POINT_num(points.get()); ++i) {
    const DIST_POINT* point = sk_DIST_POINT_value(points.get(), i);
    // RFC 5280 4.2.1.13: a list of another issuer, or for some reasons only, does not tell enough.
    if (point->distpoint == nullptr || point->distpoint->type != 0 || point->CRLissuer || point->reasons) continue;
    const GENERAL_NAMES* names = point->distpoint->name.fullname;
    for (std::size_t j = 0; j < sk_GENERAL_NAME_num(names); ++j) {
      add_url(sources.lists, sk_GENERAL_NAME_value(names, j));
    }
  }
}

// RFC 5019 2.1.1: "Clients MUST use SHA1 as the hashing algorithm for the CertID.issuerNameHash and the
// CertID.issuerKeyHash values."
bssl::UniquePtr<OCSP_CERTID> id_of(const X509* certificate, const X509* issuer) {
  return bssl::UniquePtr<OCSP_CERTID>(OCSP_cert_to_id(EVP_sha1(), certificate, issuer));
}

// RFC 6960 4.2.2.2: the signer is the issuer itself, or has a certificate of it for just this.
bool is_signed(OCSP_BASICRESP* response, X509* issuer) {
  bssl::UniquePtr<X509_STORE> store(X509_STORE_new());
  bssl::UniquePtr<STACK_OF(X509)> signers(sk_X509_new_null());
  GATE_CHECK(store && signers && X509_STORE_add_cert(store.get(), issuer));
  GATE_CHECK(bssl::PushToStack(signers.get(), bssl::UpRef(issuer)));
  X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN);  // the issuer need not be a root
  const bool valid = OCSP_basic_verify(response, signers.get(), store.get(), OCSP_TRUSTOTHER) == 1;
  ERR_clear_error();
  return valid;
}

OcspAnswer::Status status_of(int status) {
  switch (status) {
    case V_OCSP_CERTSTATUS_GOOD: return OcspAnswer::Status::kGood;
    case V_OCSP_CERTSTATUS_REVOKED: return OcspAnswer::Status::kRevoked;
    default: return OcspAnswer::Status::kUnknown;
  }
}

base::Result<OcspAnswer> find_answer(OCSP_BASICRESP* response, OCSP_CERTID* id, base::WallTime now) {
  int status = 0;
  ASN1_GENERALIZEDTIME* revoked = nullptr;
  ASN1_GENERALIZEDTIME* from = nullptr;
  ASN1_GENERALIZEDTIME* until = nullptr;
  if (OCSP_resp_find_status(response, id, &status, nullptr, &revoked, &from, &until) != 1) {
    ERR_clear_error();
    return base::fail(unusable("it is about another certificate"));
  }
  if (until == nullptr) return base::fail(unusable("it does not say until when it holds"));
  OcspAnswer answer{.status = status_of(status), .this_update = time_of(from), .next_update = time_of(until)};
  if (revoked != nullptr) answer.revoked_since = time_of(revoked);
  if (answer.this_update > now + kClocksDiffer) return base::fail(unusable("it is of the future"));
  if (answer.next_update <= now) return base::fail(unusable("it is out of date"));
  return answer;
}

}  // namespace

RevocationSources revocation_sources(const Certificate& certificate) {
  const auto x509 = x509_of(certificate.der());
  GATE_CHECK(x509 != nullptr);
  RevocationSources sources;
  add_responders(sources, x509.get());
  add_lists(sources, x509.get());
  ERR_clear_error();
  return sources;
}

std::string ocsp_request(const Certificate& certificate, const Certificate& issuer) {
  const auto x509 = x509_of(certificate.der());
  const auto issuer_x509 = x509_of(issuer.der());
  bssl::UniquePtr<OCSP_REQUEST> request(OCSP_REQUEST_new());
  GATE_CHECK(x509 && issuer_x509 && request);
  auto id = id_of(x509.get(), issuer_x509.get());
  GATE_CHECK(id != nullptr && OCSP_request_add0_id(request.get(), id.get()) != nullptr);
  static_cast<void>(id.release());  // it is the request's now
  std::uint8_t* der = nullptr;
  const int size = i2d_OCSP_REQUEST(request.get(), &der);
  GATE_CHECK(size > 0);
  std::string text(base::as_text(native_bytes(der, static_cast<std::size_t>(size))));
  OPENSSL_free(der);
  return text;
}

base::Result<OcspAnswer> read_ocsp_response(base::ByteView der, const Certificate& certificate,
                                            const Certificate& issuer, base::WallTime now) {
  const std::uint8_t* at = native_data(der);
  bssl::UniquePtr<OCSP_RESPONSE> response(d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(der.size())));
  if (response == nullptr) return base::fail(unusable(last_library_reason()));
  if (at != native_data(der) + der.size()) return base::fail(unusable("bytes follow it"));
  const int status = OCSP_response_status(response.get());
  if (status != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
    return base::fail(unusable(std::string("it says: ") + OCSP_response_status_str(status)));
  }
  bssl::UniquePtr<OCSP_BASICRESP> basic(OCSP_response_get1_basic(response.get()));
  if (basic == nullptr) return base::fail(unusable(last_library_reason()));
  const auto x509 = x509_of(certificate.der());
  const auto issuer_x509 = x509_of(issuer.der());
  GATE_CHECK(x509 != nullptr && issuer_x509 != nullptr);
  if (!is_signed(basic.get(), issuer_x509.get())) return base::fail(unusable("its signature is not valid"));
  const auto id = id_of(x509.get(), issuer_x509.get());
  GATE_CHECK(id != nullptr);
  return find_answer(basic.get(), id.get(), now);
}

}  // namespace gate::cert

#pragma once

#include <openssl/ocsp.h>

#include <string>

#include "cert/authority_for_test.h"

// A responder's answers.
namespace gate::cert::for_test {

struct OcspSaid {
  int status = V_OCSP_CERTSTATUS_GOOD;
  base::WallTime this_update;
  base::WallTime next_update;
};

// About `certificate`, which `issuer` has issued; signed by `signer`, the issuer or one it lets sign.
inline std::string ocsp_response(const Certificate& certificate, const Credential& issuer, const Credential& signer,
                                 const OcspSaid& said) {
  const auto time = [](base::WallTime at) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count();
    return bssl::UniquePtr<ASN1_TIME>(ASN1_GENERALIZEDTIME_set(nullptr, seconds));
  };
  const auto x509 = for_test_internal::parse(certificate);
  const auto issuer_x509 = for_test_internal::parse(issuer.leaf());
  const auto signer_x509 = for_test_internal::parse(signer.leaf());
  bssl::UniquePtr<OCSP_BASICRESP> basic(OCSP_BASICRESP_new());
  bssl::UniquePtr<OCSP_CERTID> id(OCSP_cert_to_id(EVP_sha1(), x509.get(), issuer_x509.get()));
  const auto from = time(said.this_update);
  const auto until = time(said.next_update);
  GATE_CHECK(OCSP_basic_add1_status(basic.get(), id.get(), said.status, OCSP_REVOKED_STATUS_KEYCOMPROMISE, from.get(),
                                    from.get(), until.get()));
  GATE_CHECK(OCSP_basic_sign(basic.get(), signer_x509.get(), signer.key.native(), EVP_sha256(), nullptr, 0));
  bssl::UniquePtr<OCSP_RESPONSE> response(OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic.get()));
  std::uint8_t* der = nullptr;
  const int size = i2d_OCSP_RESPONSE(response.get(), &der);
  GATE_CHECK(size > 0);
  std::string text(base::as_text(native_bytes(der, static_cast<std::size_t>(size))));
  OPENSSL_free(der);
  return text;
}

}  // namespace gate::cert::for_test

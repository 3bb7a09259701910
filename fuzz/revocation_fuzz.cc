#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/check.h"
#include "base/text.h"
#include "cert/certificate.h"
#include "cert/crl.h"
#include "cert/issue.h"
#include "cert/revocation.h"
#include "cert/verify_client.h"

namespace {

const gate::base::WallTime kNow{std::chrono::seconds(1'800'000'000)};

// Some certificate that the input is told to be about.
const gate::cert::Credential& own() {
  static const auto credential = gate::cert::make_tls_alpn_01(
      "example.com", std::array<std::byte, 32>{}, {.not_before = kNow, .not_after = kNow + std::chrono::days(1)});
  return credential;
}

}  // namespace

// What clients and authorities send: certificates, revocation lists, answers of OCSP responders.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gate;
  const base::ByteView bytes = std::as_bytes(std::span(data, size));
  const auto& leaf = own().leaf();

  static const cert::ClientVerifier verifier(own().chain, {});
  GATE_CHECK(!verifier.verify(std::array{bytes}, kNow) || base::as_text(bytes) == base::as_text(leaf.der()));
  if (const auto certificate = cert::Certificate::from_der(bytes, "fuzz")) {
    for (const auto& name : cert::client_names(*certificate)) GATE_CHECK(!name.empty());
    const auto sources = cert::revocation_sources(*certificate);
    for (const auto& url : sources.responders) GATE_CHECK(url.starts_with("http"));
  }
  if (const auto lists = cert::read_crls(base::as_text(bytes), "fuzz")) {
    GATE_CHECK(!lists->empty() && !lists->front().is_signed_by(leaf));
    static_cast<void>(lists->front().revoked_since(leaf));
  }
  // Nobody has the key that such an answer is signed with.
  GATE_CHECK(!cert::read_ocsp_response(bytes, leaf, leaf, kNow));
  return 0;
}

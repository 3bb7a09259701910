#include "tls/client_gate.h"

#include <fmt/format.h>
#include <openssl/base64.h>
#include <openssl/mem.h>
#include <openssl/pool.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <memory>
#include <span>

#include "base/check.h"
#include "base/text.h"
#include "cert/native.h"
#include "tls/client_certificate.h"
#include "tls/codes.h"
#include "tls/negotiation.h"
#include "tls/policy.h"
#include "tls/server_impl.h"

namespace gate::tls {

namespace {

using cert::native_bytes;
using cert::native_data;

// A hash over parts that no other parts give.
class PartsHash {
 public:
  PartsHash() { SHA256_Init(&state_); }
  void add(base::ByteView part) {
    const std::uint64_t size = part.size();
    SHA256_Update(&state_, &size, sizeof size);
    SHA256_Update(&state_, part.data(), part.size());
  }
  std::uint64_t finish() {
    std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest;
    SHA256_Final(digest.data(), &state_);
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < sizeof number; ++i) number = number << 8 | digest[i];
    return std::max<std::uint64_t>(number, 1);
  }

 private:
  SHA256_CTX state_;
};

// What the client is told, and the log.
struct Refusal {
  std::uint8_t alert = SSL_AD_BAD_CERTIFICATE;
  std::string why;
};

base::Error error_of(const std::string& subject, const Refusal& refusal) {
  return {.code = kClientNotAccepted,
          .side = base::Side::kClient,
          .what = fmt::format("the client's certificate{}{} is not accepted: {}", subject.empty() ? "" : " ", subject,
                              refusal.why),
          .why = "the site's \"client-certificate\" demands another",
          .fix = "let the client show a certificate of an authority in \"trust\""};
}

// RFC 9440 2.1: a Byte Sequence of RFC 8941, base64 between colons.
std::string byte_sequence(base::ByteView der) {
  std::string text(4 * ((der.size() + 2) / 3) + 1, '\0');  // the library puts a NUL behind
  EVP_EncodeBlock(native_data(std::as_writable_bytes(std::span(text))), native_data(der), der.size());
  text.pop_back();
  return ":" + text + ":";
}

ClientCertificate facts_of(std::vector<cert::Certificate> chain, std::vector<std::string> names) {
  ClientCertificate client{.chain = std::move(chain), .names = std::move(names)};
  client.fingerprint = base::to_hex(client.own().fingerprint());
  client.field_value = byte_sequence(client.own().der());
  for (const auto& certificate : std::span(client.chain).subspan(1)) {
    client.chain_field_value += (client.chain_field_value.empty() ? "" : ", ") + byte_sequence(certificate.der());
  }
  return client;
}

std::vector<base::ByteView> certificates_sent(const SSL* ssl) {
  const auto* sent = SSL_get0_peer_certificates(ssl);
  std::vector<base::ByteView> chain;
  for (std::size_t i = 0; sent != nullptr && i < sk_CRYPTO_BUFFER_num(sent); ++i) {
    const CRYPTO_BUFFER* each = sk_CRYPTO_BUFFER_value(sent, i);
    chain.push_back(native_bytes(CRYPTO_BUFFER_data(each), CRYPTO_BUFFER_len(each)));
  }
  return chain;
}

std::string subject_of(base::ByteView der) {
  const auto certificate = cert::Certificate::from_der(der, "a client");
  return certificate ? certificate->subject() : std::string();
}

}  // namespace

std::uint64_t fingerprint_of(const ClientDemand& demand) {
  PartsHash hash;
  hash.add(base::as_bytes(demand.required ? "require" : "request"));
  for (const auto& certificate : demand.trusted) hash.add(certificate.der());
  hash.add({});
  for (const auto& crl : demand.crls) hash.add(crl.der());
  hash.add({});
  for (const auto& name : demand.names_text) hash.add(base::as_bytes(name));
  return hash.finish();
}

ClientGate::ClientGate(const ClientDemand& demand)
    : required_(demand.required),
      fingerprint_(fingerprint_of(demand)),
      trusted_(demand.trusted),
      names_(demand.names),
      verifier_(demand.trusted, demand.crls) {}

void ClientGate::name_authorities(SSL_CTX* ctx) const {
  bssl::UniquePtr<STACK_OF(CRYPTO_BUFFER)> names(sk_CRYPTO_BUFFER_new_null());
  for (const auto& certificate : trusted_) {
    const auto x509 = cert::x509_of(certificate.der());
    std::uint8_t* name = nullptr;
    const int size = i2d_X509_NAME(X509_get_subject_name(x509.get()), &name);
    GATE_CHECK(size > 0);
    bssl::UniquePtr<CRYPTO_BUFFER> buffer(CRYPTO_BUFFER_new(name, static_cast<std::size_t>(size), nullptr));
    OPENSSL_free(name);
    GATE_CHECK(buffer != nullptr && bssl::PushToStack(names.get(), std::move(buffer)));
  }
  SSL_CTX_set0_client_CAs(ctx, names.release());
}

// No tickets: a certificate that was revoked or has expired must not live on in them, and early data comes by tickets.
void ClientGate::guard(SSL* ssl) const {
  std::array<std::uint16_t, kEcdsaSchemes.size() + kRsaSchemes.size()> schemes;
  std::ranges::copy(kRsaSchemes, std::ranges::copy(kEcdsaSchemes, schemes.begin()).out);
  GATE_CHECK(SSL_set_verify_algorithm_prefs(ssl, schemes.data(), schemes.size()));
  SSL_set_options(ssl, SSL_OP_NO_TICKET);
  SSL_set_early_data_enabled(ssl, 0);
  SSL_set_custom_verify(ssl, SSL_VERIFY_PEER | (required_ ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), on_certificate);
  negotiation_of(ssl)->facts.client_demand = fingerprint_;
}

ssl_verify_result_t ClientGate::on_certificate(SSL* ssl, std::uint8_t* alert) {
  const Negotiation& negotiation = *negotiation_of(ssl);
  return negotiation.server->sites[negotiation.facts.site].clients->judge(ssl, alert);
}

// RFC 8446 4.4.2.4: "if some aspect of the certificate chain was unacceptable [...], the server MAY at its discretion
// either continue the handshake (considering the client unauthenticated) or abort the handshake."
ssl_verify_result_t ClientGate::judge(SSL* ssl, std::uint8_t* alert) const {
  Negotiation& negotiation = *negotiation_of(ssl);
  const auto sent = certificates_sent(ssl);
  Refusal refusal;
  if (auto chain = verifier_.verify(sent, negotiation.clock->wall()); !chain) {
    refusal = {static_cast<std::uint8_t>(SSL_alert_from_verify_result(chain.error().reason)), chain.error().why};
  } else {
    auto names = cert::client_names(chain->front());
    if (!names_ || std::ranges::any_of(names, names_)) {
      negotiation.facts.client =
          std::make_shared<const ClientCertificate>(facts_of(*std::move(chain), std::move(names)));
      return ssl_verify_ok;
    }
    // RFC 8446 6.2: "A valid certificate or PSK was received, but when access control was applied, the sender decided
    // not to proceed with negotiation."
    refusal = {SSL_AD_ACCESS_DENIED, "the site lets in nobody of this name"};
  }
  if (!required_) return ssl_verify_ok;
  *alert = refusal.alert;
  negotiation.refusal = error_of(sent.empty() ? "" : subject_of(sent.front()), refusal);
  return ssl_verify_invalid;
}

}  // namespace gate::tls

#include "tls/negotiated.h"

#include "base/text.h"
#include "cert/native.h"
#include "tls/policy.h"

namespace gate::tls {

namespace {

Alpn alpn_of(const SSL* ssl) {
  const std::uint8_t* data = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl, &data, &size);
  const auto name = base::as_text(cert::native_bytes(data, size));
  for (const Alpn each : {Alpn::kHttp11, Alpn::kHttp2, Alpn::kHttp3, Alpn::kAcmeTls}) {
    if (name == to_string(each)) return each;
  }
  return Alpn::kNone;
}

}  // namespace

void note_negotiated(const SSL* ssl, Facts& facts) {
  const std::uint16_t scheme = SSL_get_peer_signature_algorithm(ssl);
  facts.version = SSL_version(ssl) == TLS1_3_VERSION ? kTls13 : kTls12;
  facts.suite = SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(ssl));
  facts.group = SSL_get_group_id(ssl);
  facts.resumed = SSL_session_reused(ssl) != 0;
  facts.alpn = alpn_of(ssl);
  facts.ech = SSL_ech_accepted(ssl) != 0;
  if (scheme != 0) facts.signature = scheme;  // a client learns what the server signed with
  if (facts.resumed) facts.signature = 0;
}

}  // namespace gate::tls

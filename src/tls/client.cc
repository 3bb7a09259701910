#include "tls/client.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/nid.h>

#include "base/check.h"
#include "base/ip.h"
#include "cert/native.h"
#include "cert/verify.h"
#include "tls/client_impl.h"
#include "tls/codes.h"
#include "tls/negotiation.h"
#include "tls/own_certificate.h"

namespace gate::tls {

namespace {

// RFC 9849 6.1.7: a server that could not open the encrypted ClientHello proves the outer name, and only then is its
// word for other keys taken.
std::string_view expected_name(const SSL* ssl, const Negotiation& negotiation) {
  const char* name = nullptr;
  std::size_t size = 0;
  SSL_get0_ech_name_override(ssl, &name, &size);
  return size > 0 ? std::string_view(name, size) : std::string_view(negotiation.server_name);
}

ssl_verify_result_t on_verify(SSL* ssl, std::uint8_t* alert) {
  Negotiation& negotiation = *negotiation_of(ssl);
  if (negotiation.client->roots == nullptr) return ssl_verify_ok;
  const auto* sent = SSL_get0_peer_certificates(ssl);
  std::vector<base::ByteView> chain;
  for (std::size_t i = 0; i < (sent == nullptr ? 0 : sk_CRYPTO_BUFFER_num(sent)); ++i) {
    const CRYPTO_BUFFER* each = sk_CRYPTO_BUFFER_value(sent, i);
    chain.push_back(cert::native_bytes(CRYPTO_BUFFER_data(each), CRYPTO_BUFFER_len(each)));
  }
  auto verified = cert::verify_server_chain(*negotiation.client->roots, chain, expected_name(ssl, negotiation),
                                            negotiation.client->clock.wall());
  if (verified) return ssl_verify_ok;
  negotiation.refusal = std::move(verified).error();
  negotiation.refusal->code = kPeerNotTrusted;
  *alert = SSL_AD_BAD_CERTIFICATE;
  return ssl_verify_invalid;
}

int on_session(SSL* ssl, SSL_SESSION* session) {
  Negotiation* negotiation = negotiation_of(ssl);
  if (negotiation == nullptr) return 0;
  negotiation->session = std::make_unique<Session>(session);
  return 1;  // it is ours now
}

void on_key_log(const SSL* ssl, const char* line) {
  const Negotiation* negotiation = negotiation_of(ssl);
  if (negotiation != nullptr) negotiation->client->key_log(line);
}

base::Error refused(std::string_view what) {
  return {.code = kInternal,
          .side = base::Side::kConfiguration,
          .what = fmt::format("cannot make a TLS client: its {} are not usable", what),
          .why = cert::last_library_reason()};
}

// As RFC 7301 3.1 writes protocol lists.
std::vector<std::uint8_t> alpn_wire(const std::vector<std::string>& protocols) {
  std::vector<std::uint8_t> wire;
  for (const auto& protocol : protocols) {
    wire.push_back(static_cast<std::uint8_t>(protocol.size()));
    wire.insert(wire.end(), protocol.begin(), protocol.end());
  }
  return wire;
}

bool set_groups(SSL_CTX* ctx, const std::vector<std::uint16_t>& wanted) {
  std::vector<int> nids;
  for (const std::uint16_t group : wanted.empty() ? std::vector(kGroups.begin(), kGroups.end()) : wanted) {
    switch (group) {
      case 0x11ec: nids.push_back(NID_X25519MLKEM768); break;
      case 0x001d: nids.push_back(NID_X25519); break;
      case 0x0017: nids.push_back(NID_X9_62_prime256v1); break;
      case 0x0018: nids.push_back(NID_secp384r1); break;
      case 0x0019: nids.push_back(NID_secp521r1); break;
      default: return false;
    }
  }
  return SSL_CTX_set1_groups(ctx, nids.data(), nids.size()) == 1;
}

}  // namespace

void Session::Free::operator()(ssl_session_st* session) const { SSL_SESSION_free(session); }

ClientContext::ClientContext(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ClientContext::~ClientContext() = default;

base::Result<std::shared_ptr<ClientContext>> ClientContext::create(const ClientSettings& settings,
                                                                   const base::Clock& clock) {
  auto impl = std::make_unique<Impl>(clock);
  impl->roots = settings.roots;
  impl->key_log = settings.key_log;
  impl->ctx.reset(SSL_CTX_new(TLS_with_buffers_method()));
  SSL_CTX* ctx = impl->ctx.get();
  GATE_CHECK(ctx != nullptr);
  if (!SSL_CTX_set_min_proto_version(ctx, settings.version_min) ||
      !SSL_CTX_set_max_proto_version(ctx, settings.version_max)) {
    return base::fail(refused("versions"));
  }
  const auto& suites = settings.suites;
  if (!SSL_CTX_set_ciphersuites(ctx, suites.tls13.empty() ? kSuites13All : suites.tls13.c_str()) ||
      !SSL_CTX_set_strict_cipher_list(ctx, suites.tls12.empty() ? kSuites12 : suites.tls12.c_str())) {
    return base::fail(refused("suites"));
  }
  if (!set_groups(ctx, settings.groups)) return base::fail(refused("groups"));
  const auto alpn = alpn_wire(settings.alpn);
  if (!alpn.empty() && SSL_CTX_set_alpn_protos(ctx, alpn.data(), alpn.size()) != 0) {
    return base::fail(refused("protocols"));
  }
  if (!settings.signatures.empty() &&
      !SSL_CTX_set_verify_algorithm_prefs(ctx, settings.signatures.data(), settings.signatures.size())) {
    return base::fail(refused("signature schemes"));
  }
  if (settings.credential && !use_credential(ctx, *settings.credential, nullptr)) {
    return base::fail(refused("certificate and key"));
  }
  SSL_CTX_set_custom_verify(ctx, SSL_VERIFY_PEER, on_verify);
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(ctx, on_session);
  if (impl->key_log != nullptr) SSL_CTX_set_keylog_callback(ctx, on_key_log);
  return std::make_shared<ClientContext>(std::move(impl));
}

bssl::UniquePtr<SSL> ClientContext::Impl::make_ssl(const ClientTarget& target) const {
  bssl::UniquePtr<SSL> ssl(SSL_new(ctx.get()));
  GATE_CHECK(ssl != nullptr);
  SSL_set_connect_state(ssl.get());
  SSL_set_shed_handshake_config(ssl.get(), 1);
  // RFC 6066 3: "Literal IPv4 and IPv6 addresses are not permitted in 'HostName'."
  if (!target.server_name.empty() && !base::IpAddress::parse(target.server_name)) {
    GATE_CHECK(SSL_set_tlsext_host_name(ssl.get(), target.server_name.c_str()));
  }
  if (!target.ech_configs.empty()) {
    // What cannot be read is as good as none: the name is then asked for in clear, as without DNS.
    SSL_set1_ech_config_list(ssl.get(), cert::native_data(target.ech_configs), target.ech_configs.size());
    ERR_clear_error();
  }
  if (target.session != nullptr) GATE_CHECK(SSL_set_session(ssl.get(), target.session->native()));
  return ssl;
}

}  // namespace gate::tls

#include <fmt/format.h>
#include <openssl/nid.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/check.h"
#include "base/text.h"
#include "cert/native.h"
#include "tls/client_hello.h"
#include "tls/codes.h"
#include "tls/negotiation.h"
#include "tls/own_certificate.h"
#include "tls/server_impl.h"

// The server's decisions in a handshake: which site, which certificate, which protocol. Called back by the library.
namespace gate::tls {

namespace {

using Impl = ServerContext::Impl;
using cert::native_bytes;
using cert::native_data;

// The library wants these by its own numbers, in the order of kGroups.
constexpr std::array<int, kGroups.size()> kGroupNids = {NID_X25519MLKEM768, NID_X25519, NID_X9_62_prime256v1,
                                                        NID_secp384r1};

constexpr std::uint16_t kAes128Gcm13 = 0x1301;
constexpr std::uint16_t kAes256Gcm13 = 0x1302;
constexpr std::uint16_t kChacha13 = 0x1303;
constexpr std::array<std::uint16_t, 3> kEcdsaSuites12 = {0xc02b, 0xc02c, 0xcca9};
constexpr std::array<std::uint16_t, 3> kRsaSuites12 = {0xc02f, 0xc030, 0xcca8};

bool is_chacha(std::uint16_t suite) { return suite == kChacha13 || suite == 0xcca9 || suite == 0xcca8; }
bool is_ours(std::uint16_t suite) {
  return (suite >= kAes128Gcm13 && suite <= kChacha13) || std::ranges::count(kEcdsaSuites12, suite) != 0 ||
         std::ranges::count(kRsaSuites12, suite) != 0;
}

ssl_select_cert_result_t refuse(SSL* ssl, std::uint8_t alert, base::ErrorCode code, std::string what, std::string why,
                                std::string fix) {
  negotiation_of(ssl)->refusal = base::Error{
      .code = code, .side = base::Side::kClient, .what = std::move(what), .why = std::move(why), .fix = std::move(fix)};
  SSL_send_fatal_alert(ssl, alert);
  return ssl_select_cert_error;
}

ssl_select_cert_result_t refuse_name(SSL* ssl, const ClientHello& hello) {
  if (!hello.has_server_name) {
    return refuse(ssl, SSL_AD_UNRECOGNIZED_NAME, kNoName, "the client asked for no name",
                  "no site has the address it came to, and there is no default site",
                  "let the client send a name (SNI), or make a site the default");
  }
  return refuse(ssl, SSL_AD_UNRECOGNIZED_NAME, kUnknownName, fmt::format("unknown name \"{}\"", hello.server_name),
                "no site has this name, and there is no default site",
                "add the name to a site, or correct the DNS record");
}

// The version the library will choose; zero if it will refuse.
std::uint16_t version_for(const ClientHello& hello, const Policy& policy, bool over_quic) {
  if (hello.offers_version(kTls13)) return kTls13;
  return !over_quic && policy.version_min <= kTls12 && hello.offers_version(kTls12) ? kTls12 : 0;
}

// RFC 8446 4.2.3: in TLS 1.3 a scheme names its curve. RFC 5246 knows no such tie.
bool fits_key(std::uint16_t scheme, cert::KeyType type, std::uint16_t version) {
  if (type == cert::KeyType::kRsa) return version == kTls12 || scheme >= 0x0800;  // RFC 8446 4.2.3: no PKCS#1 v1.5
  if (version == kTls12) return true;
  switch (type) {
    case cert::KeyType::kEcdsaP256: return scheme == 0x0403;
    case cert::KeyType::kEcdsaP384: return scheme == 0x0503;
    case cert::KeyType::kEcdsaP521: return scheme == 0x0603;
    default: return false;
  }
}

std::uint16_t curve_of(cert::KeyType type) {
  switch (type) {
    case cert::KeyType::kEcdsaP256: return 0x0017;
    case cert::KeyType::kEcdsaP384: return 0x0018;
    case cert::KeyType::kEcdsaP521: return 0x0019;
    default: return 0;
  }
}

bool offers_any(const ClientHello& hello, std::span<const std::uint16_t> suites) {
  return std::ranges::any_of(suites, [&](std::uint16_t suite) { return hello.offers_suite(suite); });
}

// The scheme to sign with; zero if the client cannot verify this kind of certificate.
std::uint16_t scheme_for(const ClientHello& hello, cert::KeyType type, std::uint16_t version) {
  const bool is_rsa = type == cert::KeyType::kRsa;
  if (version == kTls12) {
    if (!offers_any(hello, is_rsa ? kRsaSuites12 : kEcdsaSuites12)) return 0;
    // RFC 8422 5.1.1: the groups also say which curves the client takes in certificates.
    if (!is_rsa && !hello.offers_group(curve_of(type))) return 0;
  }
  const auto schemes =
      is_rsa ? std::span<const std::uint16_t>(kRsaSchemes) : std::span<const std::uint16_t>(kEcdsaSchemes);
  const auto scheme = std::ranges::find_if(
      schemes, [&](std::uint16_t each) { return hello.offers_signature(each) && fits_key(each, type, version); });
  return scheme == schemes.end() ? std::uint16_t{0} : *scheme;
}

// RFC 8446 4.1.4: HelloRetryRequest costs a round trip. The library would ask for the best common group even if the
// client has sent a key share for another one of ours.
void settle_group(SSL* ssl, const ClientHello& hello) {
  const auto best = std::ranges::find_if(kGroups, [&](std::uint16_t group) { return hello.offers_group(group); });
  if (best == kGroups.end() || hello.has_key_share(*best)) return;
  const auto shared = std::ranges::find_if(
      kGroups, [&](std::uint16_t group) { return hello.offers_group(group) && hello.has_key_share(group); });
  if (shared == kGroups.end()) return;
  GATE_CHECK(SSL_set1_groups(ssl, &kGroupNids[static_cast<std::size_t>(shared - kGroups.begin())], 1));
}

// The contexts are made for the many clients whose hardware has AES. One that puts ChaCha20 first has none and would
// spend its battery on AES; one without AES-128 gets what it has.
void settle_suites(SSL* ssl, const ClientHello& hello, std::uint16_t version) {
  std::uint16_t first = 0;
  base::ByteReader reader(hello.suites);
  while (const auto suite = reader.u16()) {
    if (is_ours(*suite) && (*suite >= kAes128Gcm13 && *suite <= kChacha13) == (version == kTls13)) {
      first = *suite;
      break;
    }
  }
  if (version == kTls13) {
    if (is_chacha(first) || !hello.offers_suite(kAes128Gcm13)) GATE_CHECK(SSL_set_ciphersuites(ssl, kSuites13All));
  } else if (is_chacha(first)) {
    GATE_CHECK(SSL_set_strict_cipher_list(ssl, kSuites12ChachaFirst));
  }
}

// Binds sessions to the site's demands and to the name: the library resumes none whose context differs.
// RFC 6066 3: "the server MUST NOT accept the request to resume the session if the server_name extension contains a
// different name."
void settle_sessions(SSL* ssl, const ClientHello& hello, const Policy& policy, std::uint16_t version) {
  std::array<std::uint8_t, SHA256_DIGEST_LENGTH> context;
  SHA256_CTX hash;
  SHA256_Init(&hash);
  SHA256_Update(&hash, policy.ticket_scope.data(), policy.ticket_scope.size() + 1);
  for (const char c : hello.server_name) {
    const char lower = base::to_lower(c);
    SHA256_Update(&hash, &lower, 1);
  }
  SHA256_Final(context.data(), &hash);
  GATE_CHECK(SSL_set_session_id_context(ssl, context.data(), context.size()));
  // RFC 7627 5.3: a session without the extension must not be resumed, so it gets no ticket.
  if (version == kTls12 && !hello.extended_master_secret) SSL_set_options(ssl, SSL_OP_NO_TICKET);
}

// RFC 9001 4.2: "An endpoint MUST terminate the connection if a version of TLS older than 1.3 is negotiated."
void settle_versions(SSL* ssl, const Policy& policy) {
  const std::uint16_t lowest = negotiation_of(ssl)->quic ? std::max(policy.version_min, kTls13) : policy.version_min;
  GATE_CHECK(SSL_set_min_proto_version(ssl, lowest));
}

ssl_select_cert_result_t settle(SSL* ssl, const ClientHello& hello, const Impl::Site& site,
                                std::span<const Impl::Holder> holders, std::uint16_t version) {
  Facts& facts = negotiation_of(ssl)->facts;
  for (const Impl::Holder& holder : holders) {
    facts.signature = scheme_for(hello, holder.type, version);
    if (facts.signature == 0) continue;
    GATE_CHECK(SSL_set_SSL_CTX(ssl, holder.ctx.get()) == holder.ctx.get());
    settle_versions(ssl, site.policy);
    settle_suites(ssl, hello, version);
    if (version == kTls13) settle_group(ssl, hello);
    settle_sessions(ssl, hello, site.policy, version);
    SSL_set_early_data_enabled(ssl, negotiation_of(ssl)->quic != nullptr && site.policy.early_data);
    if (site.clients) site.clients->guard(ssl);
    if (!holder.staple.empty()) {
      GATE_CHECK(SSL_set_ocsp_response(ssl, native_data(base::ByteView(holder.staple)), holder.staple.size()));
    }
    return ssl_select_cert_success;
  }
  const bool has_suite = version == kTls13 ? hello.offers_suite(kAes128Gcm13) || hello.offers_suite(kAes256Gcm13) ||
                                                 hello.offers_suite(kChacha13)
                                           : offers_any(hello, kEcdsaSuites12) || offers_any(hello, kRsaSuites12);
  if (!has_suite) {
    return refuse(ssl, SSL_AD_HANDSHAKE_FAILURE, kNoCommonSuite, "no common cipher suite",
                  "the client offers no suite with forward secrecy and authenticated encryption", "update the client");
  }
  return refuse(ssl, SSL_AD_HANDSHAKE_FAILURE, kNoUsableCertificate,
                "the client can verify none of the site's certificates",
                "its signature schemes and curves fit none of them",
                "give the site an RSA certificate beside the ECDSA one, or update the client");
}

// RFC 8737 3: the authority's ClientHello has "an ALPN extension with the single protocol name "acme-tls/1"", and the
// name to prove as server name.
const Impl::Site* challenge_for(const Negotiation& negotiation, const ClientHello& hello) {
  const auto& open = negotiation.server->challenges;
  if (open.empty() || negotiation.quic != nullptr) return nullptr;
  base::ByteReader offered(hello.alpn_protocols);
  const auto protocol = offered.vector8();
  if (!protocol || !offered.empty() || base::as_text(*protocol) != to_string(Alpn::kAcmeTls)) return nullptr;
  const auto found = open.find(base::lowered(hello.server_name));
  return found == open.end() ? nullptr : &found->second;
}

// Answers a challenge: whatever the site of that name demands, if there is one.
ssl_select_cert_result_t prove_name(SSL* ssl, const ClientHello& hello, const Impl::Site& challenge) {
  negotiation_of(ssl)->proves_name = true;
  SSL_set_options(ssl, SSL_OP_NO_TICKET);  // nobody comes back
  const std::uint16_t version = version_for(hello, challenge.policy, false);
  if (version != 0) return settle(ssl, hello, challenge, challenge.holders, version);
  return ssl_select_cert_success;  // the library refuses with protocol_version
}

ssl_select_cert_result_t refuse_for(SSL* ssl, NameStanding standing) {
  const auto& name = negotiation_of(ssl)->facts.server_name;
  constexpr std::uint8_t kAlert = SSL_AD_UNRECOGNIZED_NAME;
  switch (standing) {
    case NameStanding::kAsked:
    case NameStanding::kLate:
      return refuse(ssl, kAlert, kCertificateUnderWay,
                    fmt::format("the certificate of {} is still being ordered", name),
                    "the authority takes longer than a handshake may wait", "try again in a minute");
    case NameStanding::kRefused:
      return refuse(ssl, kAlert, kNameNotPermitted, fmt::format("{} may not have a certificate", name),
                    "neither \"allow\" nor \"ask\" of the site's \"on-demand\" permits it",
                    "let one of them permit the name, if it is yours");
    case NameStanding::kFailed:
      return refuse(ssl, kAlert, kCertificateNotIssued, fmt::format("there is no certificate for {}", name),
                    "the last try to get one failed", "the audit log says why, and when it is tried again");
    case NameStanding::kBusy: break;
  }
  return refuse(ssl, kAlert, kTooManyNewNames, fmt::format("{} is one new name too many", name),
                "certificates for more new names than \"rate\" allows were asked for", "try again in a minute");
}

// The site's own certificates for the names it is called by; others have one each, or wait for it.
ssl_select_cert_result_t settle_on_demand(SSL* ssl, const ClientHello& hello, const Impl::Site& site,
                                          std::uint16_t version) {
  Negotiation& negotiation = *negotiation_of(ssl);
  const Impl& server = *negotiation.server;
  std::string_view name = negotiation.facts.server_name;
  if (name.ends_with('.')) name.remove_suffix(1);
  negotiation.waits = false;
  const bool has_own = name.empty() || server.names.has_exact(name) || server.on_demand == nullptr;
  if (has_own && site.holders.empty()) return refuse_name(ssl, hello);
  if (has_own) return settle(ssl, hello, site, site.holders, version);
  if (const auto* held = server.on_demand->find(name)) return settle(ssl, hello, site, {held, 1}, version);
  const NameStanding standing = server.on_demand->seek(std::string(name));
  negotiation.waits = standing == NameStanding::kAsked && negotiation.may_wait;
  return negotiation.waits ? ssl_select_cert_retry : refuse_for(ssl, standing);
}

ssl_select_cert_result_t on_client_hello(const SSL_CLIENT_HELLO* raw) {
  Negotiation& negotiation = *negotiation_of(raw->ssl);
  const auto hello = parse_client_hello(native_bytes(raw->client_hello, raw->client_hello_len));
  if (!hello) {
    return refuse(raw->ssl, SSL_AD_DECODE_ERROR, kMalformed, "malformed ClientHello",
                  "its lengths or extensions break RFC 8446 4.1.2", "");
  }
  negotiation.version_offered = hello->version_max();
  negotiation.facts.server_name = base::lowered(hello->server_name);
  negotiation.facts.ja4 = ja4_of(*hello, negotiation.quic ? Carrier::kQuic : Carrier::kTcp);
  if (const auto* challenge = challenge_for(negotiation, *hello)) return prove_name(raw->ssl, *hello, *challenge);
  const auto number = negotiation.server->find_site(hello->server_name, negotiation.local_address);
  if (!number) return refuse_name(raw->ssl, *hello);
  negotiation.facts.site = *number;
  const Impl::Site& site = negotiation.server->sites[*number];
  const std::uint16_t version = version_for(*hello, site.policy, negotiation.quic != nullptr);
  if (version != 0 && site.on_demand) return settle_on_demand(raw->ssl, *hello, site, version);
  if (version != 0) return settle(raw->ssl, *hello, site, site.holders, version);
  // The library refuses with protocol_version.
  settle_versions(raw->ssl, site.policy);
  return ssl_select_cert_success;
}

// RFC 7301 3.2: the server's order decides; "the server SHALL respond with a fatal no_application_protocol alert".
int on_alpn(SSL* ssl, const std::uint8_t** out, std::uint8_t* out_size, const std::uint8_t* in, unsigned in_size,
            void*) {
  Negotiation& negotiation = *negotiation_of(ssl);
  const auto choose = [&](Alpn wanted) {
    base::ByteReader offered(native_bytes(in, in_size));
    while (const auto protocol = offered.vector8()) {
      if (base::as_text(*protocol) != to_string(wanted)) continue;
      *out = native_data(*protocol);
      *out_size = static_cast<std::uint8_t>(protocol->size());
      return true;
    }
    return false;
  };
  if (negotiation.proves_name) return choose(Alpn::kAcmeTls) ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
  const Policy& policy = negotiation.server->sites[negotiation.facts.site].policy;
  const bool chosen = negotiation.quic ? policy.http3 && choose(Alpn::kHttp3)
                                       : (policy.http2 && choose(Alpn::kHttp2)) || choose(Alpn::kHttp11);
  return chosen ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

void on_key_log(const SSL* ssl, const char* line) {
  const Negotiation* negotiation = negotiation_of(ssl);
  if (negotiation == nullptr || negotiation->server->key_log == nullptr) return;
  negotiation->server->key_log(line);
}

std::size_t ticket_overhead(SSL*) { return TicketSealer::kOverhead; }

int seal_ticket(SSL* ssl, std::uint8_t* out, std::size_t* out_size, std::size_t out_max, const std::uint8_t* in,
                std::size_t in_size) {
  const auto room = std::as_writable_bytes(std::span(out, out_max));
  const auto size = negotiation_of(ssl)->server->tickets.seal(room, native_bytes(in, in_size));
  *out_size = size.value_or(0);
  return size.has_value() ? 1 : 0;
}

ssl_ticket_aead_result_t open_ticket(SSL* ssl, std::uint8_t* out, std::size_t* out_size, std::size_t out_max,
                                     const std::uint8_t* in, std::size_t in_size) {
  const auto room = std::as_writable_bytes(std::span(out, out_max));
  const Negotiation& negotiation = *negotiation_of(ssl);
  const base::ByteView ticket = native_bytes(in, in_size);
  const auto size = negotiation.server->tickets.open(room, ticket);
  // A ticket that has brought early data once resumes again, but brings none.
  if (size && negotiation.quic && !negotiation.server->early_data.admit(ticket, *negotiation.started)) {
    SSL_set_early_data_enabled(ssl, 0);
  }
  *out_size = size.value_or(0);
  return size.has_value() ? ssl_ticket_aead_success : ssl_ticket_aead_ignore_ticket;
}

constexpr SSL_TICKET_AEAD_METHOD kTicketMethod = {
    .max_overhead = ticket_overhead, .seal = seal_ticket, .open = open_ticket};

}  // namespace

void configure_server(SSL_CTX* ctx, bool with_key_log) {
  constexpr auto kTicketSeconds = std::chrono::seconds(TicketKeys::kTicketLifetime).count();
  GATE_CHECK(SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) && SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION));
  GATE_CHECK(SSL_CTX_set_ciphersuites(ctx, kSuites13) && SSL_CTX_set_strict_cipher_list(ctx, kSuites12));
  GATE_CHECK(SSL_CTX_set1_groups(ctx, kGroupNids.data(), kGroupNids.size()));
  std::array<std::uint16_t, kEcdsaSchemes.size() + kRsaSchemes.size()> schemes;
  std::ranges::copy(kRsaSchemes, std::ranges::copy(kEcdsaSchemes, schemes.begin()).out);
  GATE_CHECK(SSL_CTX_set_signing_algorithm_prefs(ctx, schemes.data(), schemes.size()));
  SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_timeout(ctx, kTicketSeconds);
  SSL_CTX_set_session_psk_dhe_timeout(ctx, kTicketSeconds);
  SSL_CTX_set_num_tickets(ctx, 1);
  SSL_CTX_set_ticket_aead_method(ctx, &kTicketMethod);
  SSL_CTX_set_select_certificate_cb(ctx, on_client_hello);
  SSL_CTX_set_alpn_select_cb(ctx, on_alpn, nullptr);
  use_key_log(ctx, with_key_log);
}

void use_key_log(SSL_CTX* ctx, bool on) { SSL_CTX_set_keylog_callback(ctx, on ? on_key_log : nullptr); }

HeldCredential hold(const cert::Credential& credential, CRYPTO_BUFFER_POOL* pool, bool with_key_log) {
  bssl::UniquePtr<SSL_CTX> ctx(SSL_CTX_new(TLS_with_buffers_method()));
  GATE_CHECK(ctx != nullptr);
  configure_server(ctx.get(), with_key_log);
  if (!use_credential(ctx.get(), credential, pool)) ctx.reset();
  return {credential.key.type(), std::move(ctx), credential.leaf().fingerprint()};
}

}  // namespace gate::tls

#include "tls/failure.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>

#include "base/text.h"
#include "tls/codes.h"

namespace gate::tls {

namespace {

constexpr int kAlertBase = SSL_AD_REASON_OFFSET;

base::Error client_error(base::ErrorCode code, std::string what, std::string why = {}, std::string fix = {}) {
  return {
      .code = code, .side = base::Side::kClient, .what = std::move(what), .why = std::move(why), .fix = std::move(fix)};
}

base::Error version_error(const Negotiation* negotiation) {
  const std::uint16_t offered = negotiation == nullptr ? 0 : negotiation->version_offered;
  if (offered == 0) return client_error(kProtocolVersion, "no common TLS version");
  return client_error(kProtocolVersion, fmt::format("the client offers only {} or older", version_name(offered)),
                      "the site allows newer versions alone", "update the client");
}

bool is_distrust(int alert) {
  return (alert >= SSL_AD_BAD_CERTIFICATE && alert <= SSL_AD_CERTIFICATE_UNKNOWN) || alert == SSL_AD_UNKNOWN_CA;
}

// The library's reason as one of ours. What is not listed is a message that breaks the protocol.
base::ErrorCode code_of(int reason) {
  switch (reason) {
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_CIPHERS_AVAILABLE: return kNoCommonSuite;
    case SSL_R_NO_SHARED_GROUP:
    case SSL_R_WRONG_CURVE: return kNoCommonGroup;
    case SSL_R_NO_APPLICATION_PROTOCOL: return kNoCommonProtocol;
    case SSL_R_NO_COMMON_SIGNATURE_ALGORITHMS: return kNoUsableCertificate;
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST: return kPlainHttp;
    case SSL_R_NO_RENEGOTIATION: return kRenegotiation;
    case SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC:
    case SSL_R_DECRYPTION_FAILED:
    case SSL_R_DIGEST_CHECK_FAILED: return kBadRecord;
    case SSL_R_ENCRYPTED_LENGTH_TOO_LONG:
    case SSL_R_DATA_LENGTH_TOO_LONG:
    case SSL_R_RECORD_TOO_LARGE:
    case SSL_R_EXCESSIVE_MESSAGE_SIZE: return kRecordTooLong;
    case SSL_R_CERTIFICATE_VERIFY_FAILED: return kPeerNotTrusted;
    case SSL_R_ECH_REJECTED: return kEchRejected;
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: return kClientCertificateMissing;
    case ERR_R_MALLOC_FAILURE:
    case ERR_R_INTERNAL_ERROR: return kInternal;
    default: return kMalformed;
  }
}

std::string_view what_of(base::ErrorCode code) {
  if (code == kNoCommonSuite) return "no common cipher suite";
  if (code == kNoCommonGroup) return "no common key exchange group";
  if (code == kNoCommonProtocol) return "no common application protocol (ALPN)";
  if (code == kNoUsableCertificate) return "no common signature scheme";
  if (code == kRenegotiation) return "the client asked for renegotiation";
  if (code == kBadRecord) return "a record does not decrypt";
  if (code == kRecordTooLong) return "a record or message is too long";
  if (code == kPeerNotTrusted) return "the peer's certificate is not trusted";
  if (code == kClientCertificateMissing) return "the client shows no certificate, and the site demands one";
  if (code == kEchRejected) return "the server could not open the encrypted ClientHello";
  if (code == kInternal) return "the TLS library failed";
  return "a message breaks the protocol";
}

// The oldest complaint of the library's TLS half: what lies below it is detail, what comes later is consequence.
std::uint32_t take_cause() {
  std::uint32_t cause = 0;
  while (const auto error = ERR_get_error()) {
    if (cause == 0 && ERR_GET_LIB(error) == ERR_LIB_SSL) cause = error;
  }
  return cause;
}

// "BAD_RECORD" becomes "bad record".
std::string words_of(std::uint32_t cause) {
  const char* reason = cause == 0 ? nullptr : ERR_reason_error_string(cause);
  std::string words = base::lowered(reason == nullptr ? "" : reason);
  std::ranges::replace(words, '_', ' ');
  return words;
}

bool is_version_reason(int reason) {
  return reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == SSL_R_WRONG_SSL_VERSION ||
         reason == SSL_R_UNKNOWN_PROTOCOL || reason == SSL_R_INAPPROPRIATE_FALLBACK;
}

}  // namespace

base::Error failure_of(base::ErrorCode code, std::string why) {
  base::Error error = client_error(code, std::string(what_of(code)), std::move(why));
  if (code == kInternal) error.side = base::Side::kSelf;
  return error;
}

base::Error alert_failure(int alert) {
  return client_error(kAlertReceived, fmt::format("the peer refused: {}", SSL_alert_desc_string_long(alert)),
                      is_distrust(alert) ? "it does not trust the certificate" : "",
                      is_distrust(alert) ? "run: gate443 trust install, or use a certificate the client trusts" : "");
}

base::Error explain_failure(const Negotiation* negotiation) {
  const std::uint32_t cause = take_cause();
  const int reason = ERR_GET_REASON(cause);
  if (negotiation != nullptr && negotiation->refusal) return *negotiation->refusal;
  if (reason > kAlertBase && reason < kAlertBase + 256) return alert_failure(reason - kAlertBase);
  if (is_version_reason(reason)) return version_error(negotiation);
  if (reason == SSL_R_WRONG_VERSION_NUMBER && negotiation != nullptr && negotiation->version_offered == 0) {
    return client_error(kNotTls, "the client does not speak TLS", "its first bytes are no TLS record",
                        "connect with a TLS client");
  }
  return failure_of(code_of(reason), words_of(cause));
}

bool looks_like_http(base::ByteView first) {
  constexpr std::size_t kMethodMax = 16;  // the longest registered method has 17 letters and is for WebDAV
  const auto text = base::as_text(first.first(std::min(first.size(), kMethodMax)));
  const auto end = text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ");
  return !text.empty() && end != 0 && (end == std::string_view::npos || text[end] == ' ');
}

}  // namespace gate::tls

#include "http/field_id.h"

#include <array>
#include <cstddef>

namespace gate::http {
namespace {

struct Name {
  FieldId id;
  std::string_view lower;
  std::string_view display;
};

// In the order of FieldId, so that an id is an index.
constexpr std::array kNames{
    Name{FieldId::kUnknown, "", ""},
    Name{FieldId::kPseudoAuthority, ":authority", ":authority"},
    Name{FieldId::kPseudoMethod, ":method", ":method"},
    Name{FieldId::kPseudoPath, ":path", ":path"},
    Name{FieldId::kPseudoProtocol, ":protocol", ":protocol"},
    Name{FieldId::kPseudoScheme, ":scheme", ":scheme"},
    Name{FieldId::kPseudoStatus, ":status", ":status"},
    Name{FieldId::kAccept, "accept", "Accept"},
    Name{FieldId::kAcceptEncoding, "accept-encoding", "Accept-Encoding"},
    Name{FieldId::kAcceptRanges, "accept-ranges", "Accept-Ranges"},
    Name{FieldId::kAge, "age", "Age"},
    Name{FieldId::kAllow, "allow", "Allow"},
    Name{FieldId::kAltSvc, "alt-svc", "Alt-Svc"},
    Name{FieldId::kAuthorization, "authorization", "Authorization"},
    Name{FieldId::kCacheControl, "cache-control", "Cache-Control"},
    Name{FieldId::kConnection, "connection", "Connection"},
    Name{FieldId::kContentEncoding, "content-encoding", "Content-Encoding"},
    Name{FieldId::kContentLanguage, "content-language", "Content-Language"},
    Name{FieldId::kContentLength, "content-length", "Content-Length"},
    Name{FieldId::kContentLocation, "content-location", "Content-Location"},
    Name{FieldId::kContentRange, "content-range", "Content-Range"},
    Name{FieldId::kContentSecurityPolicy, "content-security-policy", "Content-Security-Policy"},
    Name{FieldId::kContentType, "content-type", "Content-Type"},
    Name{FieldId::kCookie, "cookie", "Cookie"},
    Name{FieldId::kDate, "date", "Date"},
    Name{FieldId::kETag, "etag", "ETag"},
    Name{FieldId::kExpect, "expect", "Expect"},
    Name{FieldId::kExpires, "expires", "Expires"},
    Name{FieldId::kForwarded, "forwarded", "Forwarded"},
    Name{FieldId::kHost, "host", "Host"},
    Name{FieldId::kIfMatch, "if-match", "If-Match"},
    Name{FieldId::kIfModifiedSince, "if-modified-since", "If-Modified-Since"},
    Name{FieldId::kIfNoneMatch, "if-none-match", "If-None-Match"},
    Name{FieldId::kIfRange, "if-range", "If-Range"},
    Name{FieldId::kIfUnmodifiedSince, "if-unmodified-since", "If-Unmodified-Since"},
    Name{FieldId::kKeepAlive, "keep-alive", "Keep-Alive"},
    Name{FieldId::kLastModified, "last-modified", "Last-Modified"},
    Name{FieldId::kLink, "link", "Link"},
    Name{FieldId::kLocation, "location", "Location"},
    Name{FieldId::kMaxForwards, "max-forwards", "Max-Forwards"},
    Name{FieldId::kOrigin, "origin", "Origin"},
    Name{FieldId::kPermissionsPolicy, "permissions-policy", "Permissions-Policy"},
    Name{FieldId::kPriority, "priority", "Priority"},
    Name{FieldId::kProxyAuthenticate, "proxy-authenticate", "Proxy-Authenticate"},
    Name{FieldId::kProxyAuthorization, "proxy-authorization", "Proxy-Authorization"},
    Name{FieldId::kProxyConnection, "proxy-connection", "Proxy-Connection"},
    Name{FieldId::kRange, "range", "Range"},
    Name{FieldId::kReferer, "referer", "Referer"},
    Name{FieldId::kReferrerPolicy, "referrer-policy", "Referrer-Policy"},
    Name{FieldId::kRetryAfter, "retry-after", "Retry-After"},
    Name{FieldId::kServer, "server", "Server"},
    Name{FieldId::kSetCookie, "set-cookie", "Set-Cookie"},
    Name{FieldId::kStrictTransportSecurity, "strict-transport-security", "Strict-Transport-Security"},
    Name{FieldId::kTe, "te", "TE"},
    Name{FieldId::kTrailer, "trailer", "Trailer"},
    Name{FieldId::kTransferEncoding, "transfer-encoding", "Transfer-Encoding"},
    Name{FieldId::kUpgrade, "upgrade", "Upgrade"},
    Name{FieldId::kUserAgent, "user-agent", "User-Agent"},
    Name{FieldId::kVary, "vary", "Vary"},
    Name{FieldId::kVia, "via", "Via"},
    Name{FieldId::kWwwAuthenticate, "www-authenticate", "WWW-Authenticate"},
    Name{FieldId::kXContentTypeOptions, "x-content-type-options", "X-Content-Type-Options"},
    Name{FieldId::kXForwardedFor, "x-forwarded-for", "X-Forwarded-For"},
    Name{FieldId::kXForwardedHost, "x-forwarded-host", "X-Forwarded-Host"},
    Name{FieldId::kXForwardedProto, "x-forwarded-proto", "X-Forwarded-Proto"},
    Name{FieldId::kXFrameOptions, "x-frame-options", "X-Frame-Options"},
    Name{FieldId::kXRequestId, "x-request-id", "X-Request-Id"},
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (static_cast<std::size_t>(kNames[i].id) != i) return false;
  }
  return true;
}
static_assert(in_order());

// A perfect hash over the names above, found by hand and proven below: length, first, middle and last character.
constexpr std::size_t kSlots = 512;
constexpr std::size_t kLengthFactor = 30;
constexpr std::size_t kFirstFactor = 82;
constexpr std::size_t kMiddleFactor = 23;
constexpr std::size_t hash(std::string_view name) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(name[i]); };
  return (name.size() * kLengthFactor + at(0) * kFirstFactor + at(name.size() / 2) * kMiddleFactor +
          at(name.size() - 1)) %
         kSlots;
}

constexpr std::array<FieldId, kSlots> build_slots() {
  std::array<FieldId, kSlots> slots{};
  for (std::size_t i = 1; i < kNames.size(); ++i) slots[hash(kNames[i].lower)] = kNames[i].id;
  return slots;
}
constexpr auto kSlotIds = build_slots();

constexpr bool is_perfect() {
  for (std::size_t i = 1; i < kNames.size(); ++i) {
    if (kSlotIds[hash(kNames[i].lower)] != kNames[i].id) return false;
  }
  return true;
}
static_assert(is_perfect(), "two names share a slot: choose other factors");

}  // namespace

FieldId field_id(std::string_view lower_case_name) {
  if (lower_case_name.empty()) return FieldId::kUnknown;
  const FieldId candidate = kSlotIds[hash(lower_case_name)];
  return field_name(candidate) == lower_case_name ? candidate : FieldId::kUnknown;
}

std::string_view field_name(FieldId id) { return kNames[static_cast<std::size_t>(id)].lower; }

std::string_view field_display_name(FieldId id) { return kNames[static_cast<std::size_t>(id)].display; }

}  // namespace gate::http

#include "http/qpack/static_table.h"

#include <array>
#include <cstdint>

namespace gate::http::qpack {
namespace {

constexpr std::array<Field, kStaticLines> kLines{
    Field{":authority", "", FieldId::kPseudoAuthority},
    Field{":path", "/", FieldId::kPseudoPath},
    Field{"age", "0", FieldId::kAge},
    Field{"content-disposition", "", FieldId::kUnknown},
    Field{"content-length", "0", FieldId::kContentLength},
    Field{"cookie", "", FieldId::kCookie},
    Field{"date", "", FieldId::kDate},
    Field{"etag", "", FieldId::kETag},
    Field{"if-modified-since", "", FieldId::kIfModifiedSince},
    Field{"if-none-match", "", FieldId::kIfNoneMatch},
    Field{"last-modified", "", FieldId::kLastModified},
    Field{"link", "", FieldId::kLink},
    Field{"location", "", FieldId::kLocation},
    Field{"referer", "", FieldId::kReferer},
    Field{"set-cookie", "", FieldId::kSetCookie},
    Field{":method", "CONNECT", FieldId::kPseudoMethod},
    Field{":method", "DELETE", FieldId::kPseudoMethod},
    Field{":method", "GET", FieldId::kPseudoMethod},
    Field{":method", "HEAD", FieldId::kPseudoMethod},
    Field{":method", "OPTIONS", FieldId::kPseudoMethod},
    Field{":method", "POST", FieldId::kPseudoMethod},
    Field{":method", "PUT", FieldId::kPseudoMethod},
    Field{":scheme", "http", FieldId::kPseudoScheme},
    Field{":scheme", "https", FieldId::kPseudoScheme},
    Field{":status", "103", FieldId::kPseudoStatus},
    Field{":status", "200", FieldId::kPseudoStatus},
    Field{":status", "304", FieldId::kPseudoStatus},
    Field{":status", "404", FieldId::kPseudoStatus},
    Field{":status", "503", FieldId::kPseudoStatus},
    Field{"accept", "*/*", FieldId::kAccept},
    Field{"accept", "application/dns-message", FieldId::kAccept},
    Field{"accept-encoding", "gzip, deflate, br", FieldId::kAcceptEncoding},
    Field{"accept-ranges", "bytes", FieldId::kAcceptRanges},
    Field{"access-control-allow-headers", "cache-control", FieldId::kUnknown},
    Field{"access-control-allow-headers", "content-type", FieldId::kUnknown},
    Field{"access-control-allow-origin", "*", FieldId::kUnknown},
    Field{"cache-control", "max-age=0", FieldId::kCacheControl},
    Field{"cache-control", "max-age=2592000", FieldId::kCacheControl},
    Field{"cache-control", "max-age=604800", FieldId::kCacheControl},
    Field{"cache-control", "no-cache", FieldId::kCacheControl},
    Field{"cache-control", "no-store", FieldId::kCacheControl},
    Field{"cache-control", "public, max-age=31536000", FieldId::kCacheControl},
    Field{"content-encoding", "br", FieldId::kContentEncoding},
    Field{"content-encoding", "gzip", FieldId::kContentEncoding},
    Field{"content-type", "application/dns-message", FieldId::kContentType},
    Field{"content-type", "application/javascript", FieldId::kContentType},
    Field{"content-type", "application/json", FieldId::kContentType},
    Field{"content-type", "application/x-www-form-urlencoded", FieldId::kContentType},
    Field{"content-type", "image/gif", FieldId::kContentType},
    Field{"content-type", "image/jpeg", FieldId::kContentType},
    Field{"content-type", "image/png", FieldId::kContentType},
    Field{"content-type", "text/css", FieldId::kContentType},
    Field{"content-type", "text/html; charset=utf-8", FieldId::kContentType},
    Field{"content-type", "text/plain", FieldId::kContentType},
    Field{"content-type", "text/plain;charset=utf-8", FieldId::kContentType},
    Field{"range", "bytes=0-", FieldId::kRange},
    Field{"strict-transport-security", "max-age=31536000", FieldId::kStrictTransportSecurity},
    Field{"strict-transport-security", "max-age=31536000; includesubdomains", FieldId::kStrictTransportSecurity},
    Field{"strict-transport-security", "max-age=31536000; includesubdomains; preload",
          FieldId::kStrictTransportSecurity},
    Field{"vary", "accept-encoding", FieldId::kVary},
    Field{"vary", "origin", FieldId::kVary},
    Field{"x-content-type-options", "nosniff", FieldId::kXContentTypeOptions},
    Field{"x-xss-protection", "1; mode=block", FieldId::kUnknown},
    Field{":status", "100", FieldId::kPseudoStatus},
    Field{":status", "204", FieldId::kPseudoStatus},
    Field{":status", "206", FieldId::kPseudoStatus},
    Field{":status", "302", FieldId::kPseudoStatus},
    Field{":status", "400", FieldId::kPseudoStatus},
    Field{":status", "403", FieldId::kPseudoStatus},
    Field{":status", "421", FieldId::kPseudoStatus},
    Field{":status", "425", FieldId::kPseudoStatus},
    Field{":status", "500", FieldId::kPseudoStatus},
    Field{"accept-language", "", FieldId::kUnknown},
    Field{"access-control-allow-credentials", "FALSE", FieldId::kUnknown},
    Field{"access-control-allow-credentials", "TRUE", FieldId::kUnknown},
    Field{"access-control-allow-headers", "*", FieldId::kUnknown},
    Field{"access-control-allow-methods", "get", FieldId::kUnknown},
    Field{"access-control-allow-methods", "get, post, options", FieldId::kUnknown},
    Field{"access-control-allow-methods", "options", FieldId::kUnknown},
    Field{"access-control-expose-headers", "content-length", FieldId::kUnknown},
    Field{"access-control-request-headers", "content-type", FieldId::kUnknown},
    Field{"access-control-request-method", "get", FieldId::kUnknown},
    Field{"access-control-request-method", "post", FieldId::kUnknown},
    Field{"alt-svc", "clear", FieldId::kAltSvc},
    Field{"authorization", "", FieldId::kAuthorization},
    Field{"content-security-policy", "script-src 'none'; object-src 'none'; base-uri 'none'",
          FieldId::kContentSecurityPolicy},
    Field{"early-data", "1", FieldId::kUnknown},
    Field{"expect-ct", "", FieldId::kUnknown},
    Field{"forwarded", "", FieldId::kForwarded},
    Field{"if-range", "", FieldId::kIfRange},
    Field{"origin", "", FieldId::kOrigin},
    Field{"purpose", "prefetch", FieldId::kUnknown},
    Field{"server", "", FieldId::kServer},
    Field{"timing-allow-origin", "*", FieldId::kUnknown},
    Field{"upgrade-insecure-requests", "1", FieldId::kUnknown},
    Field{"user-agent", "", FieldId::kUserAgent},
    Field{"x-forwarded-for", "", FieldId::kXForwardedFor},
    Field{"x-frame-options", "deny", FieldId::kXFrameOptions},
    Field{"x-frame-options", "sameorigin", FieldId::kXFrameOptions},
};

constexpr std::array<std::uint8_t, kFieldIds> first_lines() {
  std::array<std::uint8_t, kFieldIds> first{};
  first.fill(kStaticLines);
  for (std::size_t index = kStaticLines; index-- > 0;) {
    first[static_cast<std::size_t>(kLines[index].id)] = static_cast<std::uint8_t>(index);
  }
  first[static_cast<std::size_t>(FieldId::kUnknown)] = kStaticLines;
  return first;
}
constexpr auto kFirstLines = first_lines();

}  // namespace

const Field& static_line(std::size_t index) { return kLines[index]; }

std::size_t static_name(FieldId id) { return kFirstLines[static_cast<std::size_t>(id)]; }

// Lines of one name stand together, but for those of :status.
std::size_t static_whole(const Field& line) {
  constexpr std::size_t kLaterStatuses = 63;
  std::size_t index = static_name(line.id);
  for (; index < kStaticLines && kLines[index].id == line.id; ++index) {
    if (kLines[index].value == line.value) return index;
  }
  if (line.id != FieldId::kPseudoStatus) return kStaticLines;
  for (index = kLaterStatuses; kLines[index].id == line.id; ++index) {
    if (kLines[index].value == line.value) return index;
  }
  return kStaticLines;
}

}  // namespace gate::http::qpack

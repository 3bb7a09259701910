#include "http/hpack/static_table.h"

#include <array>

namespace gate::http::hpack {
namespace {

constexpr std::array<Field, kStaticLines> kLines{
    Field{":authority", "", FieldId::kPseudoAuthority},
    Field{":method", "GET", FieldId::kPseudoMethod},
    Field{":method", "POST", FieldId::kPseudoMethod},
    Field{":path", "/", FieldId::kPseudoPath},
    Field{":path", "/index.html", FieldId::kPseudoPath},
    Field{":scheme", "http", FieldId::kPseudoScheme},
    Field{":scheme", "https", FieldId::kPseudoScheme},
    Field{":status", "200", FieldId::kPseudoStatus},
    Field{":status", "204", FieldId::kPseudoStatus},
    Field{":status", "206", FieldId::kPseudoStatus},
    Field{":status", "304", FieldId::kPseudoStatus},
    Field{":status", "400", FieldId::kPseudoStatus},
    Field{":status", "404", FieldId::kPseudoStatus},
    Field{":status", "500", FieldId::kPseudoStatus},
    Field{"accept-charset", "", FieldId::kUnknown},
    Field{"accept-encoding", "gzip, deflate", FieldId::kAcceptEncoding},
    Field{"accept-language", "", FieldId::kUnknown},
    Field{"accept-ranges", "", FieldId::kAcceptRanges},
    Field{"accept", "", FieldId::kAccept},
    Field{"access-control-allow-origin", "", FieldId::kUnknown},
    Field{"age", "", FieldId::kAge},
    Field{"allow", "", FieldId::kAllow},
    Field{"authorization", "", FieldId::kAuthorization},
    Field{"cache-control", "", FieldId::kCacheControl},
    Field{"content-disposition", "", FieldId::kUnknown},
    Field{"content-encoding", "", FieldId::kContentEncoding},
    Field{"content-language", "", FieldId::kContentLanguage},
    Field{"content-length", "", FieldId::kContentLength},
    Field{"content-location", "", FieldId::kContentLocation},
    Field{"content-range", "", FieldId::kContentRange},
    Field{"content-type", "", FieldId::kContentType},
    Field{"cookie", "", FieldId::kCookie},
    Field{"date", "", FieldId::kDate},
    Field{"etag", "", FieldId::kETag},
    Field{"expect", "", FieldId::kExpect},
    Field{"expires", "", FieldId::kExpires},
    Field{"from", "", FieldId::kUnknown},
    Field{"host", "", FieldId::kHost},
    Field{"if-match", "", FieldId::kIfMatch},
    Field{"if-modified-since", "", FieldId::kIfModifiedSince},
    Field{"if-none-match", "", FieldId::kIfNoneMatch},
    Field{"if-range", "", FieldId::kIfRange},
    Field{"if-unmodified-since", "", FieldId::kIfUnmodifiedSince},
    Field{"last-modified", "", FieldId::kLastModified},
    Field{"link", "", FieldId::kLink},
    Field{"location", "", FieldId::kLocation},
    Field{"max-forwards", "", FieldId::kMaxForwards},
    Field{"proxy-authenticate", "", FieldId::kProxyAuthenticate},
    Field{"proxy-authorization", "", FieldId::kProxyAuthorization},
    Field{"range", "", FieldId::kRange},
    Field{"referer", "", FieldId::kReferer},
    Field{"refresh", "", FieldId::kUnknown},
    Field{"retry-after", "", FieldId::kRetryAfter},
    Field{"server", "", FieldId::kServer},
    Field{"set-cookie", "", FieldId::kSetCookie},
    Field{"strict-transport-security", "", FieldId::kStrictTransportSecurity},
    Field{"transfer-encoding", "", FieldId::kTransferEncoding},
    Field{"user-agent", "", FieldId::kUserAgent},
    Field{"vary", "", FieldId::kVary},
    Field{"via", "", FieldId::kVia},
    Field{"www-authenticate", "", FieldId::kWwwAuthenticate},
};

constexpr std::array<std::uint8_t, kFieldIds> first_lines() {
  std::array<std::uint8_t, kFieldIds> first{};
  for (std::size_t index = kStaticLines; index > 0; --index) {
    first[static_cast<std::size_t>(kLines[index - 1].id)] = static_cast<std::uint8_t>(index);
  }
  first[static_cast<std::size_t>(FieldId::kUnknown)] = 0;
  return first;
}
constexpr auto kFirstLines = first_lines();

}  // namespace

const Field& static_line(std::size_t index) { return kLines[index - 1]; }

std::size_t static_name(FieldId id) { return kFirstLines[static_cast<std::size_t>(id)]; }

}  // namespace gate::http::hpack

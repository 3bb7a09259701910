#include "http/request_rules.h"

#include "base/text.h"
#include "http/codes.h"
#include "http/scan.h"

namespace gate::http {

Refusal answer_to(RequestFault fault) {
  switch (fault) {
    case RequestFault::kMalformed: return {400, kMalformedRequest, "malformed request"};
    case RequestFault::kBadTarget: return {400, kBadTarget, "malformed request target"};
    case RequestFault::kTargetTooLong: return {414, kTargetTooLong, "request target too long"};
    case RequestFault::kBadHost: return {400, kBadHost, "missing, repeated or malformed host"};
    case RequestFault::kBadContentLength: return {400, kBadContentLength, "repeated or malformed content-length"};
    case RequestFault::kAmbiguousLength: return {400, kAmbiguousLength, "ambiguous length of the body"};
    case RequestFault::kBadChunk: return {400, kBadChunk, "malformed chunked body"};
    case RequestFault::kUnknownCoding: return {501, kUnknownCoding, "transfer coding other than chunked"};
    case RequestFault::kHeaderTooLarge: return {431, kHeaderTooLarge, "header section too large"};
    case RequestFault::kBodyTooLarge: return {413, kBodyTooLarge, "request body too large"};
    case RequestFault::kHeaderTimeout: return {408, kHeaderTimeout, "request head too slow"};
    case RequestFault::kBodyTimeout: return {408, kBodyTimeout, "request body too slow"};
    case RequestFault::kUnknownVersion: return {505, kUnknownVersion, "unsupported protocol version"};
    case RequestFault::kMethodUnsupported: return {501, kMethodUnsupported, "unsupported method"};
    case RequestFault::kUnknownExpectation: return {417, kUnknownExpectation, "unknown expectation"};
    case RequestFault::kIncomplete: return {400, kIncompleteRequest, "request cut short by the client"};
  }
  return {400, kMalformedRequest, "malformed request"};
}

bool is_token(std::string_view text) { return !text.empty() && token_prefix(text) == text.size(); }

bool is_field_value(std::string_view text) {
  return base::trimmed(text).size() == text.size() && value_prefix(text) == text.size();
}

std::optional<std::uint64_t> parse_content_length(std::string_view value) {
  return base::parse_number<std::uint64_t>(value);
}

bool is_trailer_allowed(FieldId id) {
  switch (id) {
    case FieldId::kConnection:
    case FieldId::kContentLength:
    case FieldId::kKeepAlive:
    case FieldId::kProxyConnection:
    case FieldId::kTe:
    case FieldId::kTrailer:
    case FieldId::kTransferEncoding:
    case FieldId::kUpgrade:  // framing and connection
    case FieldId::kForwarded:
    case FieldId::kHost:
    case FieldId::kVia:
    case FieldId::kXForwardedFor:
    case FieldId::kXForwardedHost:
    case FieldId::kXForwardedProto:  // routing
    case FieldId::kAccept:
    case FieldId::kAcceptEncoding:
    case FieldId::kCacheControl:
    case FieldId::kExpect:
    case FieldId::kIfMatch:
    case FieldId::kIfModifiedSince:
    case FieldId::kIfNoneMatch:
    case FieldId::kIfRange:
    case FieldId::kIfUnmodifiedSince:
    case FieldId::kMaxForwards:
    case FieldId::kOrigin:
    case FieldId::kPriority:
    case FieldId::kRange:  // request modifiers
    case FieldId::kAuthorization:
    case FieldId::kCookie:
    case FieldId::kProxyAuthenticate:
    case FieldId::kProxyAuthorization:
    case FieldId::kSetCookie:
    case FieldId::kStrictTransportSecurity:
    case FieldId::kWwwAuthenticate:  // access
    case FieldId::kAge:
    case FieldId::kDate:
    case FieldId::kExpires:
    case FieldId::kLocation:
    case FieldId::kRetryAfter:
    case FieldId::kVary:  // response control
    case FieldId::kContentEncoding:
    case FieldId::kContentRange:
    case FieldId::kContentType:  // meaning of the content
      return false;
    default: return true;
  }
}

}  // namespace gate::http

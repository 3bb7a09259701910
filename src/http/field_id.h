#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gate::http {

// The field names the program itself reads or writes, so that a look-up compares a byte instead of text. Sorted by
// name; field_id.cc holds the same list. The pseudo-fields of HTTP/2 and HTTP/3 (RFC 9113 8.3) are names to their
// wires alone: no message holds them.
enum class FieldId : std::uint8_t {
  kUnknown,
  kPseudoAuthority,
  kPseudoMethod,
  kPseudoPath,
  kPseudoProtocol,
  kPseudoScheme,
  kPseudoStatus,
  kAccept,
  kAcceptEncoding,
  kAcceptRanges,
  kAge,
  kAllow,
  kAltSvc,
  kAuthorization,
  kCacheControl,
  kConnection,
  kContentEncoding,
  kContentLanguage,
  kContentLength,
  kContentLocation,
  kContentRange,
  kContentSecurityPolicy,
  kContentType,
  kCookie,
  kDate,
  kETag,
  kExpect,
  kExpires,
  kForwarded,
  kHost,
  kIfMatch,
  kIfModifiedSince,
  kIfNoneMatch,
  kIfRange,
  kIfUnmodifiedSince,
  kKeepAlive,
  kLastModified,
  kLink,
  kLocation,
  kMaxForwards,
  kOrigin,
  kPermissionsPolicy,
  kPriority,
  kProxyAuthenticate,
  kProxyAuthorization,
  kProxyConnection,
  kRange,
  kReferer,
  kReferrerPolicy,
  kRetryAfter,
  kServer,
  kSetCookie,
  kStrictTransportSecurity,
  kTe,
  kTrailer,
  kTransferEncoding,
  kUpgrade,
  kUserAgent,
  kVary,
  kVia,
  kWwwAuthenticate,
  kXContentTypeOptions,
  kXForwardedFor,
  kXForwardedHost,
  kXForwardedProto,
  kXFrameOptions,
  kXRequestId,
};

inline constexpr std::size_t kFieldIds = static_cast<std::size_t>(FieldId::kXRequestId) + 1;

constexpr bool is_pseudo(FieldId id) { return id >= FieldId::kPseudoAuthority && id <= FieldId::kPseudoStatus; }

// The id of a lower-case field name, or kUnknown. Constant time.
FieldId field_id(std::string_view lower_case_name);

// The lower-case name; empty for kUnknown.
std::string_view field_name(FieldId id);

// The name as HTTP/1 messages are usually written, "Content-Type"; empty for kUnknown.
std::string_view field_display_name(FieldId id);

}  // namespace gate::http

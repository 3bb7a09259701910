#pragma once

#include "base/error.h"

// The codes of requests and responses: G5000 to G5099, and those of files. Stable: they are in logs, metrics and the
// manual.
namespace gate::http {

inline constexpr base::ErrorCode kMalformedRequest{
    5000};                                              // 400: request line, field or pseudo-field breaks the grammar
inline constexpr base::ErrorCode kBadTarget{5001};      // 400: the request target is not one
inline constexpr base::ErrorCode kTargetTooLong{5002};  // 414
inline constexpr base::ErrorCode kBadHost{5003};        // 400: Host is missing, repeated or malformed
inline constexpr base::ErrorCode kBadContentLength{5004};    // 400: Content-Length is repeated or not a number
inline constexpr base::ErrorCode kAmbiguousLength{5005};     // 400: two statements of where the body ends
inline constexpr base::ErrorCode kBadChunk{5006};            // 400: the chunked coding of the body is broken
inline constexpr base::ErrorCode kUnknownCoding{5007};       // 501: a transfer coding other than chunked
inline constexpr base::ErrorCode kHeaderTooLarge{5008};      // 431
inline constexpr base::ErrorCode kBodyTooLarge{5009};        // 413
inline constexpr base::ErrorCode kHeaderTimeout{5010};       // 408: the head did not arrive in time
inline constexpr base::ErrorCode kBodyTimeout{5011};         // 408: the body came too slowly
inline constexpr base::ErrorCode kUnknownVersion{5012};      // 505
inline constexpr base::ErrorCode kMethodUnsupported{5013};   // 501
inline constexpr base::ErrorCode kUnknownExpectation{5014};  // 417
inline constexpr base::ErrorCode kIncompleteRequest{5015};   // 400: the client ended the connection inside a request
inline constexpr base::ErrorCode kTwoClients{5016};          // 400: trusted proxies name two different clients

inline constexpr base::ErrorCode kNothingAnswered{5041};  // 404: no statement of the site takes the request

inline constexpr base::ErrorCode kBadResponse{5050};  // 500: a response that no wire may send

// What names a file is to be answered with, but the file is not to be had.
inline constexpr base::ErrorCode kFileForbidden{5100};     // 403: the file's permissions keep the server out
inline constexpr base::ErrorCode kLinkLeavesRoot{5101};    // 404: a symbolic link leads out of the root
inline constexpr base::ErrorCode kSpecialFile{5102};       // 404: a device, a pipe or a socket
inline constexpr base::ErrorCode kCannotRead{5106};        // 500: the disk or the root failed
inline constexpr base::ErrorCode kTooManyOpenFiles{5107};  // 503

}  // namespace gate::http

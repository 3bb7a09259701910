#pragma once

#include "base/error.h"

// The codes of TLS connections: G4000 to G4049, of names on demand G3370 to G3373, of clients' certificates G4110 and
// G4111, and of Encrypted Client Hello G4120 to G4129. Stable: they are in logs,
// metrics and the manual.
namespace gate::tls {

inline constexpr base::ErrorCode kProtocolVersion{4000};      // the client offers no version that is allowed here
inline constexpr base::ErrorCode kNoCommonSuite{4001};        // no cipher suite in common
inline constexpr base::ErrorCode kNoCommonGroup{4002};        // no key exchange group in common
inline constexpr base::ErrorCode kUnknownName{4003};          // no site has the name asked for
inline constexpr base::ErrorCode kNoName{4004};               // no name asked for, and no site to answer without one
inline constexpr base::ErrorCode kNoCommonProtocol{4005};     // no ALPN protocol in common
inline constexpr base::ErrorCode kNoUsableCertificate{4006};  // the client can verify none of the site's certificates
inline constexpr base::ErrorCode kPlainHttp{4007};            // HTTP without TLS on the TLS port
inline constexpr base::ErrorCode kNotTls{4008};               // the first bytes are no TLS record
inline constexpr base::ErrorCode kMalformed{4009};            // a record or message that breaks the protocol
inline constexpr base::ErrorCode kRecordTooLong{4010};        // a record or message above the protocol's limit
inline constexpr base::ErrorCode kBadRecord{4011};            // a record that does not decrypt
inline constexpr base::ErrorCode kAlertReceived{4012};        // the peer refused with an alert
inline constexpr base::ErrorCode kClosedInHandshake{4013};    // the peer closed before the handshake was done
inline constexpr base::ErrorCode kTruncated{4014};            // the peer closed without close_notify
inline constexpr base::ErrorCode kRenegotiation{4015};        // the client asked for renegotiation
inline constexpr base::ErrorCode kPeerNotTrusted{4016};       // the peer's certificate is not accepted
inline constexpr base::ErrorCode kInternal{4017};             // the TLS library failed for reasons of its own
inline constexpr base::ErrorCode kDuplicateName{4018};        // two sites claim one name
inline constexpr base::ErrorCode kNoCertificate{4019};        // a site without a certificate
inline constexpr base::ErrorCode kHandshakeTimeout{4020};     // the client did not finish the handshake in time

inline constexpr base::ErrorCode kCertificateUnderWay{3370};   // it is being ordered, longer than may be waited for
inline constexpr base::ErrorCode kNameNotPermitted{3371};      // the name may not have one
inline constexpr base::ErrorCode kCertificateNotIssued{3372};  // the last try failed
inline constexpr base::ErrorCode kTooManyNewNames{3373};       // more than the rate allows

inline constexpr base::ErrorCode kClientCertificateMissing{
    4110};                                                  // the site demands one, and the client has shown none
inline constexpr base::ErrorCode kClientNotAccepted{4111};  // the client's certificate is not accepted

inline constexpr base::ErrorCode kBadEchKeys{4120};   // kept keys of Encrypted Client Hello that are of no use
inline constexpr base::ErrorCode kEchRejected{4121};  // the server could not open the encrypted ClientHello

}  // namespace gate::tls

#pragma once

#include "base/error.h"

// The codes of alarms: G4220 to G4239.
namespace gate::alert {

inline constexpr base::ErrorCode kMailRefused{4220};      // the mail server said no
inline constexpr base::ErrorCode kMailUnreachable{4221};  // it cannot be reached, or does not answer
inline constexpr base::ErrorCode kMailUnsafe{4222};       // it has no TLS, or not the way to log in
inline constexpr base::ErrorCode kWebhookRefused{4223};   // it did not answer with 2xx
inline constexpr base::ErrorCode kBadLedger{4224};
inline constexpr base::ErrorCode kAlarm{4225};  // something is wrong with a certificate in use

}  // namespace gate::alert

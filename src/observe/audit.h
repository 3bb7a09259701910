#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "base/ip.h"

namespace gate::observe {

// What an auditor asks for later: everything that was refused, and everything that changed the server.
enum class AuditKind : std::uint8_t {
  kStarted,
  kStopping,
  kStopped,
  kConfigurationChanged,
  kConfigurationRejected,
  kCertificateIssued,
  kCertificateRenewed,
  kCertificateRevoked,  // on its owner's word
  kAccountChanged,      // ours at an authority
  kCertificateLoaded,
  kCertificateProblem,  // cannot be renewed or loaded, expires soon
  kKeyLogOpened,        // session secrets are being written for a debugger
  kHandshakeFailed,
  kUnknownName,        // a name no site has was asked for
  kConnectionRefused,  // a limit of connections or descriptors
  kRequestRefused,
  kScriptMessage,  // what a script complained of beside its response
  kPassFailed,     // the server that a connection was to be passed on to cannot be reached
  kLimitHit,
  kProtocolViolation,  // a driver noticed an attack or a broken peer
  kLogProblem,         // lines are or were lost
  kWorkerStalled,
};

// "handshake_failed": stable, for searches and alarms.
std::string_view to_string(AuditKind kind);

// One line of the audit log. Texts live until it is recorded; they may hold what a client sent, and are escaped.
struct AuditEvent {
  AuditKind kind = AuditKind::kStarted;
  base::WallTime time{};
  base::ErrorCode code{};           // number 0 when there is none
  std::string_view text{};          // what happened, for people
  std::string_view site{};          // the site or name it is about
  std::uint64_t connection_id = 0;  // 0 when it is about no connection
  std::uint64_t request_id = 0;
  std::optional<base::Endpoint> peer{};
  std::uint64_t count = 0;  // how many, where one event stands for several
};

// Where audit events go. Implementations take note and return at once: they are called on a worker's path. One thread
// each.
class AuditSink {
 public:
  virtual void record(const AuditEvent& event) = 0;

 protected:
  ~AuditSink() = default;
};

// A file gets JSON, a terminal gets text.
enum class AuditFormat : std::uint8_t { kJson, kText };

inline constexpr std::size_t kAuditLineBytesMax = 2048;

// Writes the event as a line with its newline to the front of `room`, which has at least kAuditLineBytesMax bytes.
// Returns its length.
std::size_t format_audit(AuditFormat format, const AuditEvent& event, std::span<char> room);

}  // namespace gate::observe

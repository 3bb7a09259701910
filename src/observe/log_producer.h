#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "observe/access_record.h"
#include "observe/audit.h"
#include "observe/ring.h"

namespace gate::observe {

// Where lines go: a sink of the log writer, by its number there, and the format of access lines.
struct LogTarget {
  static constexpr std::uint16_t kOff = 0xffff;

  std::uint16_t sink = kOff;
  AccessFormat format = AccessFormat::kJson;

  bool enabled() const { return sink != kOff; }
};

// One record of a log ring: whose it is, and the line with its newline.
struct LogLine {
  std::uint16_t sink = 0;
  std::string_view text{};
};
LogLine to_log_line(base::ByteView record);

// Puts the lines of one thread into its ring, from which the log writer takes them. Never blocks and never allocates: a
// line that finds no room is counted by the ring. The ring has at least kRingBytesMin bytes and outlives this.
class LogProducer final : public AuditSink {
 public:
  static constexpr std::size_t kRingBytesMin = 128 * 1024;

  // Audit events go to the sink `audit`.
  LogProducer(RecordRing& ring, std::uint16_t audit, AuditFormat audit_format)
      : ring_(ring), audit_(audit), audit_format_(audit_format) {}

  void write(const AccessRecord& record, LogTarget target);
  void record(const AuditEvent& event) override;

 private:
  template <class Format>
  void put(std::uint16_t sink, std::size_t bytes_max, Format format);

  RecordRing& ring_;
  const std::uint16_t audit_;
  const AuditFormat audit_format_;
  AccessFormatter formatter_;
};

}  // namespace gate::observe

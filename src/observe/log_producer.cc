#include "observe/log_producer.h"

#include <span>

#include "base/check.h"
#include "base/text.h"

namespace gate::observe {

LogLine to_log_line(base::ByteView record) {
  LogLine line;
  GATE_CHECK(record.size() >= sizeof line.sink);
  base::copy_bytes(std::as_writable_bytes(std::span(&line.sink, 1)), record.first(sizeof line.sink));
  line.text = base::as_text(record.subspan(sizeof line.sink));
  return line;
}

// `format` fills a span of chars and says how many it used.
template <class Format>
void LogProducer::put(std::uint16_t sink, std::size_t bytes_max, Format format) {
  if (sink == LogTarget::kOff) return;
  const auto room = ring_.reserve(sizeof sink + bytes_max);
  if (room.empty()) return;
  base::copy_bytes(room, std::as_bytes(std::span(&sink, 1)));
  const auto text = room.subspan(sizeof sink);
  const std::size_t count = format(std::span(reinterpret_cast<char*>(text.data()), text.size()));
  ring_.commit(sizeof sink + count);
}

void LogProducer::write(const AccessRecord& record, LogTarget target) {
  put(target.sink, AccessFormatter::kLineBytesMax,
      [&](std::span<char> room) { return formatter_.format(target.format, record, room); });
}

void LogProducer::record(const AuditEvent& event) {
  put(audit_, kAuditLineBytesMax, [&](std::span<char> room) { return format_audit(audit_format_, event, room); });
}

}  // namespace gate::observe

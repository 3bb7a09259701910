#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "base/ip.h"
#include "observe/text_writer.h"

namespace gate::observe {

// How a request's handshake went; empty texts are left out of the log.
struct AccessTls {
  std::string_view version{};  // "TLSv1.3"
  std::string_view suite{};
  std::string_view group{};
  std::string_view server_name{};  // asked for by the client
  std::string_view ja4{};
  bool resumed = false;
  bool ech = false;  // asked for by an encrypted ClientHello
  // What the client has proved itself with; empty where it has not.
  std::string_view client_subject{};  // "CN=alice, O=Example"
  std::string_view client_serial{};
  std::string_view client_fingerprint{};  // SHA-256
};

// The state of the QUIC connection when the request ended.
struct AccessQuic {
  std::uint32_t version = 0;  // 1, or 0x6b3343cf for version 2
  base::Duration round_trip{};
  std::uint64_t packets_lost = 0;
  std::uint32_t migrations = 0;  // new addresses of the client
  bool early_data = false;       // some request of the connection came in early data
};

// A server behind that was asked in vain.
struct FailedServer {
  std::string_view server{};
  std::string_view error{};  // "connection_refused"; empty: its answer was asked for elsewhere
  std::uint16_t status = 0;  // of that answer
};

// How the servers behind were asked, where they were.
struct AccessUpstream {
  static constexpr std::size_t kFailedMax = 4;

  std::string_view server{};    // the last one that was asked
  std::uint16_t status = 0;     // of its response; 0: it gave none
  std::uint32_t attempts = 0;   // in all
  base::Duration queue{};       // of the last attempt: for a connection to become free
  base::Duration connect{};     // then for one to be made
  base::Duration first_byte{};  // then to the response's head
  std::span<const FailedServer> failed{};
};

// A header field that the site's log statement selected.
struct LoggedField {
  std::string_view name{};
  std::string_view value{};
  bool redacted = false;  // its presence is logged, its value is not
};

// Everything the access log says about one request. Views live until it is written.
struct AccessRecord {
  base::WallTime time{};         // when the response ended
  std::uint64_t request_id = 0;  // the id that is on the error page
  std::uint64_t connection_id = 0;
  base::Endpoint client{};
  std::string_view site{};  // the site's name; empty when none was found
  std::string_view host{};  // as asked for
  std::string_view method{};
  std::string_view path{};  // as sent, without the query
  std::string_view query{};
  bool has_query = false;
  std::string_view protocol{};      // "HTTP/2"
  std::uint16_t status = 0;         // 0 when the client was gone before there was one
  std::uint64_t request_bytes = 0;  // of the bodies
  std::uint64_t response_bytes = 0;
  base::Duration head{};                     // first byte to the end of the request's head
  base::Duration service{};                  // then to the response's head
  base::Duration send{};                     // then to the end
  const AccessTls* tls = nullptr;            // null on clear connections
  const AccessQuic* quic = nullptr;          // null over TCP
  const AccessUpstream* upstream = nullptr;  // null where no server behind was asked
  std::string_view rule{};                   // the statement that answered
  std::string_view cache{};                  // "hit", "miss", …; empty where no cache was asked
  std::string_view outcome{};                // "complete", "client gone", …
  base::ErrorCode refusal{};                 // number 0 when the request was not refused
  std::string_view refusal_reason{};
  std::string_view user{};  // who logged in
  std::string_view referer{};
  std::string_view user_agent{};
  std::span<const LoggedField> request_fields{};
  std::span<const LoggedField> response_fields{};
};

enum class AccessFormat : std::uint8_t { kJson, kCombined };

// Formats records as lines, with the newline. One a worker: it keeps the text of the second it last saw.
class AccessFormatter {
 public:
  // No line is longer, whatever a client sends: every text has a bound of its own, and what is cut ends in "…".
  static constexpr std::size_t kLineBytesMax = 20 * 1024;
  static constexpr std::size_t kFieldsMax = 8;  // of each direction; more are left out

  // Writes the line to the front of `room`, which has at least kLineBytesMax bytes. Returns its length.
  std::size_t format(AccessFormat format, const AccessRecord& record, std::span<char> room) {
    return format == AccessFormat::kJson ? format_json(record, room) : format_combined(record, room);
  }

  // One JSON object a line (RFC 8259).
  std::size_t format_json(const AccessRecord& record, std::span<char> room);

  // The "combined" format of Apache and nginx; times are in UTC.
  std::size_t format_combined(const AccessRecord& record, std::span<char> room);

 private:
  std::string_view time_text(base::WallTime time);      // "2026-01-31T10:20:30"
  std::string_view log_time_text(base::WallTime time);  // "31/Jan/2026:10:20:30 +0000"

  std::int64_t second_ = -1;
  std::array<char, 19> time_text_{};
  std::int64_t log_second_ = -1;
  std::array<char, 26> log_time_text_{};
};

// Writes an address without allocating: "192.0.2.1", "2001:db8::1".
void put_address(TextWriter& out, const base::IpAddress& address);

// The UTC calendar time of a moment, for every line that carries a date.
struct CalendarTime {
  int year = 1970;
  unsigned month = 1;
  unsigned day = 1;
  unsigned hour = 0;
  unsigned minute = 0;
  unsigned second = 0;
  unsigned millisecond = 0;
};
CalendarTime calendar_time(base::WallTime time);

// Writes "2026-01-31T10:20:30", without fraction and zone.
void put_date_time(TextWriter& out, const CalendarTime& at);

}  // namespace gate::observe

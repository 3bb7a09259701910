#include "observe/access_record.h"

#include <arpa/inet.h>

#include <algorithm>
#include <chrono>

#include "base/check.h"

namespace gate::observe {
namespace {

// The longest a text gets in a line, escapes included. Together with the fixed parts they stay below kLineBytesMax.
constexpr std::size_t kNameBytesMax = 256;  // site, host, server name, user, rule, reason, method, client
constexpr std::size_t kPathBytesMax = 2048;
constexpr std::size_t kQueryBytesMax = 1024;
constexpr std::size_t kAgentBytesMax = 768;  // referer and user agent
constexpr std::size_t kErrorBytesMax = 64;
constexpr std::size_t kFieldNameBytesMax = 64;
constexpr std::size_t kFieldValueBytesMax = 384;
constexpr std::size_t kFixedBytesMax = 1024;  // keys, numbers, punctuation
static_assert(16 * kNameBytesMax + (1 + AccessUpstream::kFailedMax) * (kNameBytesMax + kErrorBytesMax + 40) +
                  kPathBytesMax + kQueryBytesMax + 2 * kAgentBytesMax + kFixedBytesMax +
                  2 * AccessFormatter::kFieldsMax * (kFieldNameBytesMax + kFieldValueBytesMax + 6) <=
              AccessFormatter::kLineBytesMax);

constexpr std::string_view kRedacted = "[redacted]";

// Members of a JSON object; `key` is written with its quotes, colon and leading comma: ",\"site\":".
void put_text(TextWriter& out, std::string_view key, std::string_view value, std::size_t bytes_max = kNameBytesMax) {
  if (value.empty()) return;
  out.put(key);
  out.put('"');
  out.put_json(value, bytes_max);
  out.put('"');
}

void put_number(TextWriter& out, std::string_view key, std::uint64_t value) {
  out.put(key);
  out.put_number(value);
}

void put_id(TextWriter& out, std::string_view key, std::uint64_t value) {
  out.put(key);
  out.put('"');
  out.put_hex16(value);
  out.put('"');
}

std::uint64_t microseconds(base::Duration duration) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0)) / 1000;
}

void put_durations(TextWriter& out, const AccessRecord& record) {
  put_number(out, ",\"head_us\":", microseconds(record.head));
  put_number(out, ",\"service_us\":", microseconds(record.service));
  put_number(out, ",\"send_us\":", microseconds(record.send));
  put_number(out, ",\"total_us\":", microseconds(record.head + record.service + record.send));
}

void put_tls(TextWriter& out, const AccessTls& tls) {
  out.put(",\"tls\":{\"resumed\":");
  out.put(tls.resumed ? std::string_view("true") : std::string_view("false"));
  if (tls.ech) out.put(",\"ech\":true");
  put_text(out, ",\"version\":", tls.version);
  put_text(out, ",\"suite\":", tls.suite);
  put_text(out, ",\"group\":", tls.group);
  put_text(out, ",\"server_name\":", tls.server_name);
  put_text(out, ",\"ja4\":", tls.ja4);
  put_text(out, ",\"client_subject\":", tls.client_subject);
  put_text(out, ",\"client_serial\":", tls.client_serial);
  put_text(out, ",\"client_sha256\":", tls.client_fingerprint);
  out.put('}');
}

void put_quic(TextWriter& out, const AccessQuic& quic) {
  constexpr std::uint32_t kVersion2 = 0x6b3343cf;
  put_number(out, ",\"quic\":{\"version\":", quic.version == kVersion2 ? 2 : quic.version);
  put_number(out, ",\"rtt_us\":", microseconds(quic.round_trip));
  put_number(out, ",\"packets_lost\":", quic.packets_lost);
  put_number(out, ",\"migrations\":", quic.migrations);
  out.put(quic.early_data ? std::string_view(",\"early_data\":true}") : std::string_view(",\"early_data\":false}"));
}

void put_failed(TextWriter& out, std::span<const FailedServer> failed) {
  if (failed.empty()) return;
  out.put(",\"failed\":");
  char separator = '[';
  for (const FailedServer& each : failed.first(std::min(failed.size(), AccessUpstream::kFailedMax))) {
    out.put(separator);
    out.put("{\"server\":\"");
    out.put_json(each.server, kNameBytesMax);
    out.put('"');
    put_text(out, ",\"error\":", each.error, kErrorBytesMax);
    if (each.status != 0) put_number(out, ",\"status\":", each.status);
    out.put('}');
    separator = ',';
  }
  out.put(']');
}

void put_upstream(TextWriter& out, const AccessUpstream& upstream) {
  put_number(out, ",\"upstream\":{\"attempts\":", upstream.attempts);
  put_number(out, ",\"retries\":", upstream.attempts > 0 ? upstream.attempts - 1 : 0);
  put_text(out, ",\"server\":", upstream.server);
  if (upstream.status != 0) put_number(out, ",\"status\":", upstream.status);
  put_number(out, ",\"queue_us\":", microseconds(upstream.queue));
  put_number(out, ",\"connect_us\":", microseconds(upstream.connect));
  if (upstream.status != 0) put_number(out, ",\"first_byte_us\":", microseconds(upstream.first_byte));
  put_failed(out, upstream.failed);
  out.put('}');
}

void put_refusal(TextWriter& out, const AccessRecord& record) {
  if (record.refusal.number == 0) return;
  out.put(",\"refusal\":{\"code\":\"G");
  out.put_padded(record.refusal.number, 4);
  out.put('"');
  put_text(out, ",\"reason\":", record.refusal_reason);
  out.put('}');
}

void put_fields(TextWriter& out, std::string_view key, std::span<const LoggedField> fields) {
  if (fields.empty()) return;
  out.put(key);
  char separator = '{';
  for (const LoggedField& field : fields.first(std::min(fields.size(), AccessFormatter::kFieldsMax))) {
    out.put(separator);
    out.put('"');
    out.put_json(field.name, kFieldNameBytesMax);
    out.put("\":\"");
    out.put_json(field.redacted ? kRedacted : field.value, kFieldValueBytesMax);
    out.put('"');
    separator = ',';
  }
  out.put('}');
}

void put_dash_or(TextWriter& out, std::string_view value, std::size_t bytes_max) {
  if (value.empty()) return out.put('-');
  out.put_quoted(value, bytes_max);
}

// A user's name stands between blanks, without quotes: a blank in it would shift the columns.
void put_user(TextWriter& out, std::string_view user) {
  if (user.empty()) return out.put('-');
  for (std::string_view rest = user.substr(0, kNameBytesMax / 4); !rest.empty(); rest.remove_prefix(1)) {
    if (rest.front() == ' ') {
      out.put("\\x20");
    } else {
      out.put_quoted(rest.substr(0, 1), 4);
    }
  }
}

std::int64_t whole_seconds(base::WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

}  // namespace

CalendarTime calendar_time(base::WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::milliseconds>(time - day));
  return {.year = static_cast<int>(date.year()),
          .month = static_cast<unsigned>(date.month()),
          .day = static_cast<unsigned>(date.day()),
          .hour = static_cast<unsigned>(clock.hours().count()),
          .minute = static_cast<unsigned>(clock.minutes().count()),
          .second = static_cast<unsigned>(clock.seconds().count()),
          .millisecond = static_cast<unsigned>(clock.subseconds().count())};
}

void put_address(TextWriter& out, const base::IpAddress& address) {
  const auto octets = address.octets();
  if (address.is_v4()) {
    for (std::size_t i = 12; i < 16; ++i) {
      if (i > 12) out.put('.');
      out.put_number(octets[i]);
    }
    return;
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(AF_INET6, octets.data(), text.data(), text.size());
  out.put(std::string_view(text.data()));
}

void put_date_time(TextWriter& out, const CalendarTime& at) {
  out.put_padded(static_cast<std::uint64_t>(at.year), 4);
  out.put('-');
  out.put_padded(at.month, 2);
  out.put('-');
  out.put_padded(at.day, 2);
  out.put('T');
  out.put_padded(at.hour, 2);
  out.put(':');
  out.put_padded(at.minute, 2);
  out.put(':');
  out.put_padded(at.second, 2);
}

std::string_view AccessFormatter::time_text(base::WallTime time) {
  if (const std::int64_t second = whole_seconds(time); second != second_) {
    second_ = second;
    const CalendarTime at = calendar_time(time);
    TextWriter out(time_text_);
    put_date_time(out, at);
  }
  return {time_text_.data(), time_text_.size()};
}

std::string_view AccessFormatter::log_time_text(base::WallTime time) {
  if (const std::int64_t second = whole_seconds(time); second != log_second_) {
    log_second_ = second;
    constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const CalendarTime at = calendar_time(time);
    TextWriter out(log_time_text_);
    out.put_padded(at.day, 2);
    out.put('/');
    out.put(kMonths.substr((at.month - 1) * 3, 3));
    out.put('/');
    out.put_padded(static_cast<std::uint64_t>(at.year), 4);
    out.put(':');
    out.put_padded(at.hour, 2);
    out.put(':');
    out.put_padded(at.minute, 2);
    out.put(':');
    out.put_padded(at.second, 2);
    out.put(" +0000");
  }
  return {log_time_text_.data(), log_time_text_.size()};
}

std::size_t AccessFormatter::format_json(const AccessRecord& record, std::span<char> room) {
  GATE_CHECK(room.size() >= kLineBytesMax);
  TextWriter out(room);
  out.put("{\"time\":\"");
  out.put(time_text(record.time));
  out.put('.');
  const auto milliseconds = std::chrono::floor<std::chrono::milliseconds>(record.time.time_since_epoch()).count();
  out.put_padded(static_cast<std::uint64_t>(milliseconds) % 1000, 3);
  out.put("Z\"");
  put_id(out, ",\"request\":", record.request_id);
  put_id(out, ",\"connection\":", record.connection_id);
  out.put(",\"client\":\"");
  put_address(out, record.client.address);
  put_number(out, "\",\"client_port\":", record.client.port);
  put_text(out, ",\"site\":", record.site);
  put_text(out, ",\"host\":", record.host);
  put_text(out, ",\"method\":", record.method);
  put_text(out, ",\"path\":", record.path, kPathBytesMax);
  put_text(out, ",\"query\":", record.query, kQueryBytesMax);
  put_text(out, ",\"protocol\":", record.protocol);
  put_number(out, ",\"status\":", record.status);
  put_number(out, ",\"request_bytes\":", record.request_bytes);
  put_number(out, ",\"response_bytes\":", record.response_bytes);
  put_durations(out, record);
  if (record.tls != nullptr) put_tls(out, *record.tls);
  if (record.quic != nullptr) put_quic(out, *record.quic);
  if (record.upstream != nullptr) put_upstream(out, *record.upstream);
  put_text(out, ",\"rule\":", record.rule);
  put_text(out, ",\"cache\":", record.cache);
  put_text(out, ",\"outcome\":", record.outcome);
  put_refusal(out, record);
  put_text(out, ",\"user\":", record.user);
  put_text(out, ",\"referer\":", record.referer, kAgentBytesMax);
  put_text(out, ",\"user_agent\":", record.user_agent, kAgentBytesMax);
  put_fields(out, ",\"request_fields\":", record.request_fields);
  put_fields(out, ",\"response_fields\":", record.response_fields);
  out.put("}\n");
  return out.text().size();
}

std::size_t AccessFormatter::format_combined(const AccessRecord& record, std::span<char> room) {
  GATE_CHECK(room.size() >= kLineBytesMax);
  TextWriter out(room);
  put_address(out, record.client.address);
  out.put(" - ");
  put_user(out, record.user);
  out.put(" [");
  out.put(log_time_text(record.time));
  out.put("] \"");
  out.put_quoted(record.method, kNameBytesMax);
  out.put(' ');
  out.put_quoted(record.path, kPathBytesMax);
  if (record.has_query) {
    out.put('?');
    out.put_quoted(record.query, kQueryBytesMax);
  }
  out.put(' ');
  out.put(record.protocol);
  out.put("\" ");
  out.put_padded(record.status, 3);
  out.put(' ');
  out.put_number(record.response_bytes);
  out.put(" \"");
  put_dash_or(out, record.referer, kAgentBytesMax);
  out.put("\" \"");
  put_dash_or(out, record.user_agent, kAgentBytesMax);
  out.put("\"\n");
  return out.text().size();
}

}  // namespace gate::observe

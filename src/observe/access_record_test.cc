#include "observe/access_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "observe/field_selection.h"

namespace gate::observe {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

constexpr AccessTls kTls{.version = "TLSv1.3",
                         .suite = "TLS_AES_128_GCM_SHA256",
                         .group = "X25519MLKEM768",
                         .server_name = "example.com",
                         .ja4 = "t13d1516h2_8daaf6152771_e5627efa2ab1",
                         .resumed = false};

AccessRecord sample() {
  return {.time = base::WallTime(1'769'854'830'123ms),
          .request_id = 0x1f,
          .connection_id = 7,
          .client = *base::Endpoint::parse("192.0.2.7:50123"),
          .site = "example.com",
          .host = "www.example.com",
          .method = "GET",
          .path = "/a%20b",
          .query = "c=1",
          .has_query = true,
          .protocol = "HTTP/2",
          .status = 200,
          .request_bytes = 0,
          .response_bytes = 300,
          .head = 12us,
          .service = 30us,
          .send = 8us,
          .tls = &kTls,
          .rule = "files /srv/www",
          .outcome = "complete",
          .referer = "https://example.org/",
          .user_agent = "curl/8"};
}

std::string line(AccessFormat format, const AccessRecord& record) {
  std::vector<char> room(AccessFormatter::kLineBytesMax);
  AccessFormatter formatter;
  return std::string(room.data(), formatter.format(format, record, room));
}
std::string json(const AccessRecord& record) { return line(AccessFormat::kJson, record); }
std::string combined(const AccessRecord& record) { return line(AccessFormat::kCombined, record); }

TEST(AccessJson, holds_everything_about_a_request) {
  EXPECT_EQ(json(sample()),
            R"({"time":"2026-01-31T10:20:30.123Z","request":"000000000000001f","connection":"0000000000000007",)"
            R"("client":"192.0.2.7","client_port":50123,"site":"example.com","host":"www.example.com","method":"GET",)"
            R"("path":"/a%20b","query":"c=1","protocol":"HTTP/2","status":200,"request_bytes":0,"response_bytes":300,)"
            R"("head_us":12,"service_us":30,"send_us":8,"total_us":50,"tls":{"resumed":false,"version":"TLSv1.3",)"
            R"("suite":"TLS_AES_128_GCM_SHA256","group":"X25519MLKEM768","server_name":"example.com",)"
            R"("ja4":"t13d1516h2_8daaf6152771_e5627efa2ab1"},"rule":"files /srv/www","outcome":"complete",)"
            R"("referer":"https://example.org/","user_agent":"curl/8"})"
            "\n");
}

TEST(AccessJson, leaves_out_what_is_not_known) {
  AccessRecord record = sample();
  record.tls = nullptr;
  record.site = {};
  record.user_agent = {};
  EXPECT_THAT(json(record), Not(HasSubstr("tls")));
  EXPECT_THAT(json(record), Not(HasSubstr("\"site\"")));
  EXPECT_THAT(json(record), Not(HasSubstr("user_agent")));
}

TEST(AccessJson, names_the_refusal) {
  AccessRecord record = sample();
  record.refusal = base::ErrorCode{5003};
  record.refusal_reason = "repeated Host";
  EXPECT_THAT(json(record), HasSubstr(R"("refusal":{"code":"G5003","reason":"repeated Host"})"));
}

TEST(AccessJson, says_which_servers_behind_were_asked_and_how_long_that_took) {
  const std::vector<FailedServer> failed{{.server = "http://a:1", .error = "connection_refused"},
                                         {.server = "http://b:1", .status = 503}};
  AccessUpstream upstream{.server = "http://c:1",
                          .status = 200,
                          .attempts = 3,
                          .queue = 1us,
                          .connect = 200us,
                          .first_byte = 3ms,
                          .failed = failed};
  AccessRecord record = sample();
  record.upstream = &upstream;
  EXPECT_THAT(json(record), HasSubstr(R"(,"upstream":{"attempts":3,"retries":2,"server":"http://c:1","status":200,)"
                                      R"("queue_us":1,"connect_us":200,"first_byte_us":3000,"failed":[)"
                                      R"({"server":"http://a:1","error":"connection_refused"},)"
                                      R"({"server":"http://b:1","status":503}]},"rule")"));
  upstream = {.server = "http://c:1", .attempts = 1, .failed = {}};
  EXPECT_THAT(json(record), HasSubstr(R"("upstream":{"attempts":1,"retries":0,"server":"http://c:1","queue_us":0,)"
                                      R"("connect_us":0},"rule")"));
}

TEST(AccessJson, writes_ipv6_clients) {
  AccessRecord record = sample();
  record.client = *base::Endpoint::parse("[2001:db8::1]:1");
  EXPECT_THAT(json(record), HasSubstr(R"("client":"2001:db8::1")"));
}

TEST(AccessJson, logs_the_presence_of_a_redacted_field_and_not_its_value) {
  const std::vector<LoggedField> fields{{.name = "authorization", .value = "Bearer s3cret", .redacted = true},
                                        {.name = "x-trace", .value = "t\"1", .redacted = false}};
  AccessRecord record = sample();
  record.request_fields = fields;
  EXPECT_THAT(json(record), HasSubstr(R"("request_fields":{"authorization":"[redacted]","x-trace":"t\"1"})"));
  EXPECT_THAT(json(record), Not(HasSubstr("s3cret")));
}

TEST(AccessJson, is_one_line_whatever_the_client_sends) {
  AccessRecord record = sample();
  record.user_agent = "x\"}\n{\"status\":200,\"user_agent\":\"forged";
  const std::string text = json(record);
  EXPECT_EQ(text.find('\n'), text.size() - 1);
  EXPECT_THAT(text, HasSubstr(R"("user_agent":"x\"}\n{\"status\":200,\"user_agent\":\"forged"})"));
}

TEST(AccessFormatter, bounds_a_line_made_of_the_worst_texts_and_still_ends_it) {
  const std::string worst(100'000, '\x01');
  const std::vector<LoggedField> fields(100, LoggedField{.name = worst, .value = worst});
  const AccessTls tls{.version = worst,
                      .suite = worst,
                      .group = worst,
                      .server_name = worst,
                      .ja4 = worst,
                      .client_subject = worst,
                      .client_serial = worst,
                      .client_fingerprint = worst};
  AccessRecord record = sample();
  record.site = record.host = record.method = record.path = record.query = record.rule = worst;
  record.outcome = record.refusal_reason = record.user = record.referer = record.user_agent = worst;
  record.refusal = base::ErrorCode{5003};
  record.tls = &tls;
  const std::vector<FailedServer> failed(100, FailedServer{.server = worst, .error = worst, .status = 599});
  const AccessUpstream upstream{.server = worst, .status = 599, .attempts = UINT32_MAX, .failed = failed};
  record.upstream = &upstream;
  record.request_fields = record.response_fields = fields;
  EXPECT_TRUE(json(record).ends_with("}}\n"));
  EXPECT_TRUE(combined(record).ends_with("\"\n"));
}

TEST(AccessCombined, is_the_format_of_apache_and_nginx) {
  EXPECT_EQ(combined(sample()),
            "192.0.2.7 - - [31/Jan/2026:10:20:30 +0000] \"GET /a%20b?c=1 HTTP/2\" 200 300 "
            "\"https://example.org/\" \"curl/8\"\n");
}

TEST(AccessCombined, writes_dashes_for_what_is_absent_and_keeps_an_empty_query) {
  AccessRecord record = sample();
  record.referer = record.user_agent = record.query = {};
  record.status = 0;
  EXPECT_THAT(combined(record), HasSubstr("\"GET /a%20b? HTTP/2\" 000 300 \"-\" \"-\"\n"));
}

TEST(AccessCombined, cannot_be_given_a_second_line_or_column) {
  AccessRecord record = sample();
  record.user = "a b\n";
  record.user_agent = "x\" \"y\r\n";
  EXPECT_THAT(combined(record), HasSubstr(" - a\\x20b\\x0a ["));
  EXPECT_THAT(combined(record), HasSubstr("\"x\\\" \\\"y\\x0d\\x0a\"\n"));
}

TEST(AccessFormatter, follows_the_clock_over_seconds_and_backwards) {
  AccessFormatter formatter;
  std::vector<char> room(AccessFormatter::kLineBytesMax);
  AccessRecord record = sample();
  for (const auto offset : {0s, 1s, -1s, 86'400s}) {
    record.time = base::WallTime(1'769'854'830'123ms) + offset;
    const std::string text(room.data(), formatter.format_json(record, room));
    EXPECT_EQ(text, json(record));
  }
}

TEST(FieldSelection, redacts_credentials_in_any_case_unless_told_otherwise) {
  for (const auto name : {"Authorization", "proxy-authorization", "COOKIE", "Set-Cookie"}) {
    EXPECT_TRUE(select_field(name).redacted) << name;
    EXPECT_FALSE(select_field(name, true).redacted) << name;
  }
  EXPECT_EQ(select_field("Authorization").name, "authorization");
  EXPECT_FALSE(select_field("user-agent").redacted);
}

TEST(AccessFormatter, TellsOfTheQuicConnection) {
  const AccessQuic quic{
      .version = 0x6b3343cf, .round_trip = std::chrono::milliseconds(12), .packets_lost = 3, .migrations = 1};
  AccessRecord record;
  record.quic = &quic;
  std::array<char, AccessFormatter::kLineBytesMax> room{};
  AccessFormatter formatter;
  const std::string_view line(room.data(), formatter.format_json(record, room));
  EXPECT_NE(line.find(R"("quic":{"version":2,"rtt_us":12000,"packets_lost":3,"migrations":1,"early_data":false})"),
            std::string_view::npos)
      << line;
}

}  // namespace
}  // namespace gate::observe

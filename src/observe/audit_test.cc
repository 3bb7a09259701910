#include "observe/audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <string>
#include <vector>

#include "observe/log_producer.h"

namespace gate::observe {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

AuditEvent sample() {
  return {.kind = AuditKind::kHandshakeFailed,
          .time = base::WallTime(1'769'854'830'123ms),
          .code = base::ErrorCode{4000},
          .text = "the client offers TLS 1.0 only",
          .site = "example.com",
          .connection_id = 9,
          .peer = base::Endpoint::parse("192.0.2.7:50123")};
}

std::string line(AuditFormat format, const AuditEvent& event) {
  std::vector<char> room(kAuditLineBytesMax);
  return std::string(room.data(), format_audit(format, event, room));
}

TEST(Audit, is_json_for_a_file) {
  EXPECT_EQ(line(AuditFormat::kJson, sample()),
            R"({"time":"2026-01-31T10:20:30.123Z","event":"handshake_failed","code":"G4000",)"
            R"("text":"the client offers TLS 1.0 only","site":"example.com","connection":"0000000000000009",)"
            R"("client":"192.0.2.7","client_port":50123})"
            "\n");
}

TEST(Audit, is_text_for_a_terminal) {
  EXPECT_EQ(line(AuditFormat::kText, sample()),
            "2026-01-31T10:20:30.123Z handshake_failed G4000 example.com 192.0.2.7: the client offers TLS 1.0 only\n");
}

TEST(Audit, names_the_request_it_is_about) {
  AuditEvent event = sample();
  event.request_id = 0x1f;
  EXPECT_THAT(line(AuditFormat::kText, event), HasSubstr(" 192.0.2.7 request 000000000000001f: the client"));
  EXPECT_THAT(line(AuditFormat::kJson, event), HasSubstr(R"("request":"000000000000001f")"));
}

TEST(Audit, is_one_bounded_line_whatever_is_in_the_text) {
  const std::string worst = "\n\x1b[2J" + std::string(10'000, '\x01');
  AuditEvent event = sample();
  event.text = event.site = worst;
  event.count = 18446744073709551615U;
  for (const auto format : {AuditFormat::kJson, AuditFormat::kText}) {
    const std::string text = line(format, event);
    EXPECT_EQ(text.find('\n'), text.size() - 1);
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    EXPECT_THAT(text, HasSubstr("18446744073709551615"));
  }
}

TEST(Audit, has_a_word_of_its_own_for_each_kind) {
  std::set<std::string_view> words;
  const auto last = static_cast<int>(AuditKind::kWorkerStalled);
  for (int kind = 0; kind <= last; ++kind) words.insert(to_string(static_cast<AuditKind>(kind)));
  EXPECT_EQ(words.size(), static_cast<std::size_t>(last) + 1);
  EXPECT_FALSE(words.contains("unknown"));
}

TEST(LogProducer, hands_lines_with_their_sink_through_the_ring) {
  RecordRing ring(LogProducer::kRingBytesMin);
  LogProducer producer(ring, 5, AuditFormat::kText);
  AccessRecord request;
  request.method = "GET";
  request.path = "/";
  request.protocol = "HTTP/1.1";
  producer.write(request, {.sink = 3, .format = AccessFormat::kCombined});
  producer.record(sample());

  const auto first = ring.next();
  ASSERT_TRUE(first);
  EXPECT_EQ(to_log_line(*first).sink, 3);
  EXPECT_THAT(std::string(to_log_line(*first).text), HasSubstr("\"GET / HTTP/1.1\""));
  const auto second = ring.next();
  ASSERT_TRUE(second);
  EXPECT_EQ(to_log_line(*second).sink, 5);
  EXPECT_THAT(std::string(to_log_line(*second).text), HasSubstr("handshake_failed"));
  EXPECT_FALSE(ring.next());
}

TEST(LogProducer, writes_nothing_where_the_log_is_off) {
  RecordRing ring(LogProducer::kRingBytesMin);
  LogProducer producer(ring, LogTarget::kOff, AuditFormat::kJson);
  producer.write(AccessRecord{}, LogTarget{});
  producer.record(sample());
  EXPECT_FALSE(ring.next());
}

TEST(LogProducer, drops_and_counts_when_nobody_reads) {
  RecordRing ring(LogProducer::kRingBytesMin);
  LogProducer producer(ring, 0, AuditFormat::kJson);
  for (int i = 0; i < 2000; ++i) producer.record(sample());
  EXPECT_GT(ring.dropped(), 0U);
}

}  // namespace
}  // namespace gate::observe

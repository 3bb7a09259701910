#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "app/metrics/prometheus.h"
#include "app/metrics/snapshot.h"
#include "app/metrics/status.h"
#include "base/text.h"

namespace gate::app {
namespace {

using namespace std::chrono_literals;
using observe::ConnectionEnd;
using observe::StatusClass;
using observe::TlsGroup;
using observe::TlsVersion;
using observe::WireProtocol;
using testing::HasSubstr;
using testing::Not;

constexpr auto kNow = base::WallTime(1'769'854'830s);

// Two workers that have served something.
class Metrics : public testing::Test {
 protected:
  void SetUp() override {
    for (auto* worker : {&first, &second}) {
      worker->connections_accepted.add(10);
      worker->connections_closed[ConnectionEnd::kClient].add(4);
      worker->handshakes[TlsVersion::kTls13][TlsGroup::kX25519MlKem768].add(3);
      worker->handshake_failures.add(base::ErrorCode{4003});
      worker->handshake_duration.record(300us);
      worker->request_duration[WireProtocol::kHttp2].record(2ms);
      worker->refusals.add(base::ErrorCode{5003});
      worker->site(0).requests[WireProtocol::kHttp2][StatusClass::k2xx].add(100);
      worker->site(0).response_bytes.add(5000);
      worker->datagrams.to_processes.add(2);
      worker->datagrams.overflowed.add(600);
      worker->passed.begun.add(8);
      worker->passed.failed.add(1);
      worker->passed.ended.add(3);
      worker->cache.hits.add(5);
      worker->cache.bytes.add(1000);
    }
    second.site(1).requests[WireProtocol::kHttp1][StatusClass::k4xx].add(7);
    second.site(99).requests[WireProtocol::kHttp1][StatusClass::k4xx].add(1);
    second.note_stall(50ms);
    sources.process = {.version = "0.1.0",
                       .now = kNow,
                       .started = kNow - 3h,
                       .workers = 2,
                       .resident_bytes = 45'200'000,
                       .open_descriptors = 20,
                       .descriptor_limit = 65536};
    sources.workers = workers;
    sources.site_names = {"example.com", "b.example"};
    sources.certificates = {{.site = "example.com", .key_type = "ECDSA P-256", .expires = kNow + 24h * 60}};
    sources.alarms = {{.site = "example.com", .concern = "expires_soon"}};
    sources.orders["ca.example"] = {.begun = 4, .issued = 2, .failed = 1};
    sources.logs = {{.destination = "/var/log/access", .written = 207, .dropped = 5}};
  }

  std::string prometheus() { return render_prometheus(take_snapshot(sources)); }

  observe::WorkerMetrics first{4};
  observe::WorkerMetrics second{4};
  std::vector<const observe::WorkerMetrics*> workers{&first, &second};
  MetricsSources sources;
};

TEST_F(Metrics, add_the_workers_up) {
  const auto snapshot = take_snapshot(sources);
  EXPECT_EQ(snapshot.connections_open, 12U);
  EXPECT_EQ(snapshot.handshakes[TlsVersion::kTls13][TlsGroup::kX25519MlKem768], 6U);
  EXPECT_EQ(snapshot.refusals.at(5003), 2U);
  EXPECT_EQ(snapshot.request_duration[WireProtocol::kHttp2].count, 2U);
  ASSERT_EQ(snapshot.sites.size(), 3U);
  EXPECT_EQ(snapshot.sites[0].requests[WireProtocol::kHttp2][StatusClass::k2xx], 200U);
  EXPECT_EQ(snapshot.sites[2].name, "other");
}

TEST_F(Metrics, show_sites_that_are_gone_as_other_so_that_labels_stay_bounded) {
  sources.site_names = {"example.com", ""};
  const auto snapshot = take_snapshot(sources);
  ASSERT_EQ(snapshot.sites.size(), 2U);
  EXPECT_EQ(snapshot.sites[1].name, "other");
  EXPECT_EQ(snapshot.sites[1].requests[WireProtocol::kHttp1][StatusClass::k4xx], 8U);
}

TEST_F(Metrics, of_no_worker_are_zero) {
  sources.workers = {};
  EXPECT_THAT(prometheus(), HasSubstr("gate443_connections_open 0\n"));
}

TEST_F(Metrics, appear_in_the_prometheus_format) {
  const std::string text = prometheus();
  for (const auto line : {
           "# TYPE gate443_connections_accepted_total counter\n",
           "gate443_connections_accepted_total 20\n",
           "gate443_connections_closed_total{reason=\"client\"} 8\n",
           R"(gate443_handshakes_total{version="TLSv1.3",group="X25519MLKEM768",result="complete"} 6)",
           R"(gate443_handshakes_total{version="none",group="none",result="failed"} 2)",
           R"(gate443_handshake_failures_total{code="G4003"} 2)",
           R"(gate443_requests_total{site="example.com",protocol="HTTP/2",status="2xx"} 200)",
           R"(gate443_requests_total{site="other",protocol="HTTP/1",status="4xx"} 1)",
           R"(gate443_request_duration_seconds_bucket{protocol="HTTP/2",le="0.001024"} 0)",
           R"(gate443_request_duration_seconds_bucket{protocol="HTTP/2",le="0.002048"} 2)",
           R"(gate443_request_duration_seconds_bucket{protocol="HTTP/2",le="+Inf"} 2)",
           R"(gate443_request_duration_seconds_sum{protocol="HTTP/2"} 0.004)",
           R"(gate443_handshake_duration_seconds_bucket{le="0.000256"} 0)",
           R"(gate443_certificate_expiry_timestamp_seconds{site="example.com",key="ECDSA P-256"} 1775038830)",
           R"(gate443_certificate_alarm{site="example.com",concern="expires_soon"} 1)",
           R"(gate443_certificate_orders_begun_total{authority="ca.example"} 4)",
           R"(gate443_certificate_orders_total{authority="ca.example",result="issued"} 2)",
           R"(gate443_certificate_orders_total{authority="ca.example",result="failed"} 1)",
           R"(gate443_log_lines_lost_total{destination="/var/log/access"} 5)",
           "gate443_longest_stall_seconds 0.05\n",
           "gate443_quic_datagrams_passed_on_total{to=\"worker\"} 0\n",
           "gate443_quic_datagrams_passed_on_total{to=\"process\"} 4\n",
           "gate443_quic_datagrams_overflowed_total 1200\n",
           "gate443_passed_connections_total 16\n",
           "gate443_passed_failures_total 2\n",
           "gate443_passed_connections_open 10\n",
           "gate443_cache_requests_total{result=\"hit\"} 10\n",
           "gate443_cache_bytes 1000\n",
       }) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST_F(Metrics, escape_label_values) {
  sources.logs = {{.destination = "a\"b\\c\nd"}};
  EXPECT_THAT(prometheus(), HasSubstr(R"(destination="a\"b\\c\nd"})"));
}

// The rules of the format: one HELP and one TYPE before the values of each metric, no value twice, ends in a newline.
TEST_F(Metrics, follow_the_rules_of_the_prometheus_format) {
  const std::string text = prometheus();
  ASSERT_TRUE(text.ends_with('\n'));
  std::map<std::string, int> types;
  std::map<std::string, int> series;
  std::string current;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string line(base::split_off(rest, '\n'));
    if (line.starts_with("# TYPE ")) {
      current = line.substr(7, line.find(' ', 7) - 7);
      ++types[current];
    } else if (!line.starts_with("#")) {
      EXPECT_TRUE(line.starts_with(current)) << line;
      ++series[line.substr(0, line.rfind(' '))];
    }
  }
  for (const auto& [name, count] : types) EXPECT_EQ(count, 1) << name;
  for (const auto& [name, count] : series) EXPECT_EQ(count, 1) << name;
}

TEST_F(Metrics, are_shown_to_people_in_80_columns) {
  sources.site_names[0] = std::string(200, 'x') + ".example.com";
  const std::string text = render_status(status_json(take_snapshot(sources)));
  for (std::string_view rest = text; !rest.empty();) {
    const auto line = base::split_off(rest, '\n');
    const auto columns =
        std::ranges::count_if(line, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; });
    EXPECT_LE(columns, 80) << line;
  }
}

TEST_F(Metrics, are_shown_to_people_with_the_answers_first) {
  const std::string text = render_status(status_json(take_snapshot(sources)));
  for (const auto* part :
       {"0.1.0 · up 3 h · 2 workers", "45.2 MB memory · 20 of 65,536 descriptors", "12 open · 20 accepted",
        "6 complete · 0 resumed", "TLSv1.3 100 %", "2: G4003 2", "HTTP/2 96 %, HTTP/1 4 %", "1, the longest 50.0 ms",
        "1 under way · 2 issued · 1 failed · ca.example", "/var/log/access: 5 lines lost", "1,200 datagrams overflowed",
        "60 days"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

TEST_F(Metrics, of_an_idle_server_have_no_empty_tables) {
  observe::WorkerMetrics idle(4);
  const std::vector<const observe::WorkerMetrics*> one{&idle};
  sources.workers = one;
  sources.logs = {};
  sources.orders = {};
  const std::string text = render_status(status_json(take_snapshot(sources)));
  EXPECT_THAT(text, Not(HasSubstr("failed")));
  EXPECT_THAT(text, Not(HasSubstr("%")));
  EXPECT_THAT(text, HasSubstr("requests      0"));
}

TEST(RenderStatus, takes_any_json_of_another_version) {
  for (const auto* text :
       {"null", "7", "[]", "{}", R"({"connections":7,"sites":[1,{"name":3}],"requests":{"count":-1}})",
        R"({"handshakes":{"complete":1,"versions":[],"groups":"x","failures":{"a":{}}}})"}) {
    EXPECT_THAT(render_status(nlohmann::json::parse(text)), HasSubstr("Gate443")) << text;
  }
}

TEST(RenderStatus, writes_no_control_characters_to_the_terminal) {
  const auto status = nlohmann::json::parse(
      R"({"version":"\u001b[2J","sites":[{"name":"a\u0007"}],"requests":{"refusals":{"\u001b":1}}})");
  const std::string text = render_status(status);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find('\x07'), std::string::npos);
}

TEST(ServerMetrics, add_up_the_records_of_servers_that_are_named) {
  client::ServerRecords first;
  client::ServerRecords second;
  for (auto* worker : {&first, &second}) {
    client::ServerRecord& record = worker->of("http://app:3000", "");
    record.users.add();
    record.in_flight = 2;
    record.responses[StatusClass::k2xx].add(5);
    record.faults[static_cast<std::size_t>(http::CallFault::kConnectionRefused)].add(3);
    record.first_byte_time.record(2ms);
    worker->of("http://gone:3000", "").requests.add();
  }
  first.of("http://app:3000", "").ejected_until = base::Instant(10s);
  const std::vector<const client::ServerRecords*> records{&first, &second};
  MetricsSources sources;
  sources.servers = records;
  sources.now = base::Instant(9s);
  const auto snapshot = take_snapshot(sources);
  ASSERT_EQ(snapshot.servers.size(), 1U);
  const auto text = render_prometheus(snapshot);
  EXPECT_THAT(text, HasSubstr("gate443_upstream_up{server=\"http://app:3000\"} 0.5\n"));
  EXPECT_THAT(text, HasSubstr("gate443_upstream_in_flight{server=\"http://app:3000\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("gate443_upstream_requests_total{server=\"http://app:3000\",status=\"2xx\"} 10\n"));
  EXPECT_THAT(text, HasSubstr("{server=\"http://app:3000\",error=\"connection_refused\"} 6\n"));
  EXPECT_THAT(text, HasSubstr("gate443_upstream_first_byte_seconds_count{server=\"http://app:3000\"} 2\n"));
  EXPECT_THAT(text, Not(HasSubstr("gone")));
}

}  // namespace
}  // namespace gate::app

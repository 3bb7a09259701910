#include "feature/proxy/proxy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feature/proxy/forwarding.h"
#include "feature/proxy/proxy_config.h"
#include "feature/proxy/websocket.h"
#include "http/config/conf_text_for_test.h"
#include "http/testing/fake_exchange.h"
#include "http/trusted_proxies.h"
#include "tls/client_certificate.h"
#include "tls/facts.h"

namespace gate::proxy {
namespace {

using http::config::ChainDraft;
using http::config::SiteText;
using http::testing::FakeExchange;
using ::testing::HasSubstr;

constexpr conf::Directive<ChainDraft> kTable[] = {http::config::directive<kProxy>()};

std::string report_of(std::string text) { return SiteText(std::move(text), kTable).report(); }

// The fields a server would be sent.
class Sent {
 public:
  explicit Sent(FakeExchange& fake, const ProxySettings& settings = {}) : fields_(fake.exchange().arena()) {
    fill_request_fields(fake.exchange(), settings, fields_);
  }
  std::string operator[](std::string_view name) const {
    const auto* field = fields_.find(name);
    return field ? std::string(field->value) : "(none)";
  }

 private:
  http::FieldList fields_;
};

TEST(RequestFields, say_afresh_who_asks_whatever_the_client_claims) {
  FakeExchange fake({.peer = "2001:db8::7"});
  for (const auto* name :
       {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", "x-real-ip", "x-request-id"}) {
    fake.add(name, "forged");
  }
  fake.add("forwarded", "for=10.0.0.1");
  const Sent sent(fake);
  EXPECT_EQ(sent["x-forwarded-for"], "2001:db8::7");
  EXPECT_EQ(sent["x-forwarded-proto"], "https");
  EXPECT_EQ(sent["x-forwarded-host"], "example.com");
  EXPECT_EQ(sent["forwarded"], "for=\"[2001:db8::7]\";host=example.com;proto=https");
  EXPECT_EQ(sent["x-request-id"], "0123456789abcdef");
  EXPECT_EQ(sent["x-forwarded-port"], "(none)");
  EXPECT_EQ(sent["x-real-ip"], "(none)");
}

TEST(RequestFields, tell_of_a_clients_certificate_where_wanted_and_never_what_the_client_claims) {
  tls::Facts facts;
  facts.client = std::make_shared<const tls::ClientCertificate>(
      tls::ClientCertificate{.chain = {}, .names = {}, .field_value = ":bGVhZg==:", .chain_field_value = ":Y2E=:"});
  FakeExchange fake({.tls = &facts});
  for (const auto* name : {"client-cert", "client-cert-chain", "client_cert"}) fake.add(name, "forged");
  const Sent silent(fake);
  for (const auto* name : {"client-cert", "client-cert-chain", "client_cert"}) EXPECT_EQ(silent[name], "(none)");
  ProxySettings settings;
  settings.client_certificate = ClientCertificateSaid::kOwn;
  EXPECT_EQ(Sent(fake, settings)["client-cert"], ":bGVhZg==:");
  EXPECT_EQ(Sent(fake, settings)["client-cert-chain"], "(none)");
  settings.client_certificate = ClientCertificateSaid::kWithChain;
  EXPECT_EQ(Sent(fake, settings)["client-cert-chain"], ":Y2E=:");
  FakeExchange stranger;
  stranger.add("client-cert", "forged");
  EXPECT_EQ(Sent(stranger, settings)["client-cert"], "(none)");
}

TEST(RequestFields, repeat_what_trusted_proxies_have_said_and_nothing_of_the_client) {
  FakeExchange fake({.secure = false, .peer = "10.0.0.9"});
  fake.add("x-forwarded-for", "127.0.0.1, 2001:db8::7, 10.0.0.1");
  fake.add("x-forwarded-proto", "https");
  const http::TrustedProxies trusted{.blocks = {base::Cidr::parse("10.0.0.0/8").value()}};
  ASSERT_TRUE(http::find_client(trusted, fake.exchange()));
  const Sent sent(fake);
  EXPECT_EQ(sent["x-forwarded-for"], "2001:db8::7, 10.0.0.1, 10.0.0.9");
  EXPECT_EQ(sent["x-forwarded-proto"], "https");
  EXPECT_EQ(sent["forwarded"],
            "for=\"[2001:db8::7]\";proto=https, for=10.0.0.1, for=10.0.0.9;host=example.com;proto=http");
}

TEST(RequestFields, quote_a_host_with_a_port) {
  FakeExchange fake({.authority = "example.com:8443"});
  EXPECT_EQ(Sent(fake)["forwarded"], "for=192.0.2.1;host=\"example.com:8443\";proto=https");
}

TEST(RequestFields, leave_out_what_concerns_the_connection) {
  FakeExchange fake;
  for (const auto* name : {"te", "keep-alive", "proxy-connection", "upgrade", "expect", "proxy", "x-hop"}) {
    fake.add(name, "x");
  }
  fake.add("connection", "close, X-Hop");
  fake.add("x-kept", "y");
  const Sent sent(fake);
  for (const auto* name :
       {"te", "keep-alive", "proxy-connection", "upgrade", "expect", "proxy", "x-hop", "connection", "host"}) {
    EXPECT_EQ(sent[name], "(none)") << name;
  }
  EXPECT_EQ(sent["x-kept"], "y");
}

TEST(RequestFields, join_the_cookies_that_http2_may_send_apart) {
  FakeExchange fake;
  fake.request().version = http::Version::kHttp2;
  fake.add("cookie", "a=1");
  fake.add("cookie", "b=2");
  EXPECT_EQ(Sent(fake)["cookie"], "a=1; b=2");
}

TEST(RequestFields, continue_the_list_of_those_a_request_came_by) {
  FakeExchange fake;
  fake.add("via", "1.0 other");
  EXPECT_EQ(Sent(fake)["via"], "1.0 other, 1.1 gate443");
}

TEST(RequestFields, follow_the_rules_of_the_configuration_last) {
  FakeExchange fake;
  fake.add("x-old", "1");
  ProxySettings settings;
  settings.request_fields = {{"x-old", "", true}, {"x-forwarded-for", "hidden", false}};
  const Sent sent(fake, settings);
  EXPECT_EQ(sent["x-old"], "(none)");
  EXPECT_EQ(sent["x-forwarded-for"], "hidden");
}

TEST(ResponseFields, keep_what_concerns_the_client) {
  FakeExchange fake;
  http::FieldList received(fake.exchange().arena());
  for (const auto* name : {"connection", "keep-alive", "transfer-encoding", "alt-svc", "x-hop", "etag", "server"}) {
    received.add(name, std::string_view(name) == "connection" ? "x-hop" : "x");
  }
  http::FieldList fields(fake.exchange().arena());
  fill_response_fields(received, fields);
  EXPECT_EQ(fields.size(), 2U);
  EXPECT_TRUE(fields.find("etag") && fields.find("server"));
}

TEST(Host, is_the_clients_but_over_tls_the_servers_own) {
  FakeExchange fake;
  ProxySettings settings;
  EXPECT_EQ(authority_for(fake.exchange(), settings, "app:3000", false), "example.com");
  EXPECT_EQ(authority_for(fake.exchange(), settings, "app.example", true), "app.example");
  settings.host = HostPolicy::kClient;
  EXPECT_EQ(authority_for(fake.exchange(), settings, "app.example", true), "example.com");
  settings.host = HostPolicy::kServer;
  EXPECT_EQ(authority_for(fake.exchange(), settings, "app:3000", false), "app:3000");
  settings.host = HostPolicy::kFixed;
  settings.host_name = "fixed.example";
  EXPECT_EQ(authority_for(fake.exchange(), settings, "app:3000", false), "fixed.example");
}

TEST(WebSocketKey, is_the_base64_of_sixteen_octets) {
  class Counting final : public base::Random {
    void fill(std::span<std::byte> bytes) override {
      for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i);
    }
  } random;
  FakeExchange fake;
  EXPECT_EQ(new_websocket_key(random, fake.exchange().arena()), "AAECAwQFBgcICQoLDA0ODw==");
}

TEST(Loop, is_found_by_how_often_the_request_came_by) {
  FakeExchange fake;
  fake.add("via", "1.1 gate443, 2.0 gate443, 2.0 gate443, 2.0 gate443, 2.0 gate443, 2.0 gate443, 2.0 gate443");
  EXPECT_FALSE(is_loop(fake.exchange()));
  fake.add("via", "1.1 gate443");
  EXPECT_TRUE(is_loop(fake.exchange()));
}

TEST(ProxyConfig, takes_servers_in_the_line_and_in_the_block) {
  EXPECT_EQ(report_of("proxy localhost:3000"), "");
  EXPECT_EQ(report_of("proxy /api/* localhost:3000 127.0.0.1:3001"), "");
  EXPECT_EQ(
      report_of("proxy {\n  server a:1 weight 3\n  server b:1 backup\n  balance hash header X-User\n  host server\n"
                "  header set X-A b\n  header remove x-c\n  retry 1 502 503\n  eject 3 5s\n"
                "  check /health {\n  interval 1s\n  timeout 200ms\n  status 204\n  body ok\n  rise 1\n  fall 1\n}\n"
                "  timeout response 2s\n  connections 10\n  queue 0\n}"),
      "");
}

TEST(ProxyConfig, refuses_what_it_cannot_honour) {
  EXPECT_THAT(report_of("proxy"), HasSubstr("names no server"));
  EXPECT_THAT(report_of("proxy a:1 a:1"), HasSubstr("stands there twice"));
  EXPECT_THAT(report_of("proxy http://a/b"), HasSubstr("G6000"));
  EXPECT_THAT(report_of("proxy {\n  server a:1 backup\n}"), HasSubstr("every server is a backup"));
  EXPECT_THAT(report_of("proxy {\n  server a:1 weigth 2\n}"), HasSubstr("says nothing of a server"));
  EXPECT_THAT(report_of("proxy a:1 {\n  server-name b\n}"), HasSubstr("G0189"));
  EXPECT_THAT(report_of("proxy a:1 {\n  trust anybody\n}"), HasSubstr("G0189"));
  EXPECT_THAT(report_of("proxy https://a {\n  trust /no/such/file\n}"), HasSubstr("/no/such/file"));
  EXPECT_THAT(report_of("proxy a:1 {\n  balance hash\n}"), ::testing::Not(HasSubstr("error")));
  EXPECT_THAT(report_of("proxy a:1 {\n  balance hash header\n}"), HasSubstr("not complete"));
  EXPECT_THAT(report_of("proxy a:1 {\n  balance round\n}"), HasSubstr("round-robin"));
  EXPECT_THAT(report_of("proxy a:1 {\n  header set Host x\n}"), HasSubstr("statement of its own"));
  EXPECT_THAT(report_of("proxy a:1 {\n  retry 1 200\n}"), HasSubstr("G0157"));
  EXPECT_THAT(report_of("proxy a:1 {\n  host a/b\n}"), HasSubstr("is no host"));
  EXPECT_THAT(report_of("proxy a:1 {\n  check health\n}"), HasSubstr("is no path"));
  EXPECT_THAT(report_of("proxy a:1 {\n  check \"/a b\"\n}"), HasSubstr("is no path"));
  EXPECT_THAT(report_of("proxy a:1 {\n  check / {\n  interval 1ms\n}\n}"), HasSubstr("error"));
}

}  // namespace
}  // namespace gate::proxy

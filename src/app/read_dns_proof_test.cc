#include "app/read_dns_proof.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "conf/diagnostics.h"
#include "conf/fake_environment_for_test.h"
#include "conf/parse.h"
#include "conf/reader.h"

namespace gate::app {
namespace {

using namespace std::chrono_literals;

class ReadDnsProofTest : public testing::Test {
 protected:
  ReadDnsProofTest() {
    environment_.files["key"] = "key \"gate443\" { algorithm hmac-sha256; secret \"c3Nzc3Nzc3Nzc3Nzc3Nzcw==\"; };\n";
    environment_.files["secret"] = "c3Nzc3Nzc3Nzc3Nzc3Nzcw==\n";
    environment_.files["token"] = "sesame\n";
  }

  // What the statement `text` says; null, and `problem_` has what is wrong, where something is.
  std::shared_ptr<const DnsProofSettings> read(const std::string& text) {
    conf::SourceSet sources;
    conf::Diagnostics diagnostics;
    const conf::Block block = conf::parse(sources.add("a.conf", "", text + "\n"), diagnostics);
    conf::Reader reader(diagnostics, sources, environment_);
    auto settings = read_dns_proof(block.statements.at(0), reader);
    problem_ = render(diagnostics, sources);
    EXPECT_TRUE(settings || diagnostics.has_errors());
    return diagnostics.has_errors() ? nullptr : settings;
  }

  conf::FakeEnvironment environment_;
  std::string problem_;
};

TEST_F(ReadDnsProofTest, update_needs_a_server_and_a_key) {
  const auto settings = read("dns update 192.0.2.53 { key file:key }");
  ASSERT_TRUE(settings) << problem_;
  const auto& update = std::get<DnsProofSettings::Update>(settings->way);
  EXPECT_EQ(update.server.to_string(), "192.0.2.53:53");
  EXPECT_EQ(update.key.name.to_string(), "gate443");
  EXPECT_EQ(settings->propagation, 2min);
  EXPECT_FALSE(read("dns update 192.0.2.53 { propagation 1m }"));
  EXPECT_FALSE(read("dns update ns.example.com { key file:key }"));
  EXPECT_FALSE(read("dns update 192.0.2.53 192.0.2.54 { key file:key }"));
}

TEST_F(ReadDnsProofTest, key_may_be_given_by_its_parts) {
  const auto settings =
      read("dns update [2001:db8::1]:5353 {\n key other hmac-sha512 file:secret\n propagation off\n}");
  ASSERT_TRUE(settings) << problem_;
  const auto& update = std::get<DnsProofSettings::Update>(settings->way);
  EXPECT_EQ(update.server.port, 5353);
  EXPECT_EQ(update.key.algorithm, dns::TsigAlgorithm::kHmacSha512);
  EXPECT_FALSE(settings->propagation.has_value());
  EXPECT_FALSE(read("dns update 192.0.2.53 { key other file:secret }"));
  EXPECT_FALSE(read("dns update 192.0.2.53 { key other hmac-md5 file:secret }"));
}

TEST_F(ReadDnsProofTest, secrets_are_never_written_out_nor_shown) {
  EXPECT_FALSE(read("dns update 192.0.2.53 { key gate443 hmac-sha256 c3Nzc3Nzc3Nzc3Nzc3Nzcw== }"));
  EXPECT_EQ(problem_.find("c3Nz"), std::string::npos) << problem_;
  environment_.files["key"] = "key \"gate443\" { algorithm hmac-sha256; secret \"c2VzYW1l\"; };\n";
  EXPECT_FALSE(read("dns update 192.0.2.53 { key file:key }"));
  EXPECT_EQ(problem_.find("c2VzYW1l"), std::string::npos) << problem_;
}

TEST_F(ReadDnsProofTest, exec_has_a_program_with_its_arguments) {
  const auto settings = read("dns exec /usr/local/bin/hook --zone example.com { timeout 30s }");
  ASSERT_TRUE(settings) << problem_;
  const auto& exec = std::get<acme::ExecSettings>(settings->way);
  EXPECT_EQ(exec.command, (std::vector<std::string>{"/usr/local/bin/hook", "--zone", "example.com"}));
  EXPECT_EQ(exec.deadline, 30s);
  EXPECT_TRUE(read("dns exec hook"));
  EXPECT_FALSE(read("dns exec hook { key file:key }"));
}

TEST_F(ReadDnsProofTest, http_has_a_url_that_nobody_can_listen_to) {
  const auto settings = read("dns http http://localhost:8080/dns { token file:token }");
  ASSERT_TRUE(settings) << problem_;
  EXPECT_EQ(std::get<acme::HttpHookSettings>(settings->way).token, "sesame");
  EXPECT_TRUE(read("dns http http://127.0.0.1:8080/dns"));
  EXPECT_FALSE(read("dns http http://dns.example.com/"));
  EXPECT_FALSE(read("dns http dns.example.com"));
}

TEST_F(ReadDnsProofTest, there_is_no_other_way) {
  EXPECT_FALSE(read("dns magic 192.0.2.53"));
  EXPECT_NE(problem_.find("update"), std::string::npos) << problem_;
}

TEST_F(ReadDnsProofTest, mark_differs_where_a_secret_does) {
  const auto before = read("dns update 192.0.2.53 { key file:key }")->mark;
  EXPECT_EQ(read("dns update 192.0.2.53 { key file:key }")->mark, before);
  environment_.files["key"] = "key \"gate443\" { algorithm hmac-sha256; secret \"dHR0dHR0dHR0dHR0dHR0dA==\"; };\n";
  EXPECT_NE(read("dns update 192.0.2.53 { key file:key }")->mark, before);
}

}  // namespace
}  // namespace gate::app

#include "feature/acme_server/acme_server_config.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "conf/diagnostics.h"
#include "conf/environment.h"
#include "conf/parse.h"
#include "conf/reader.h"
#include "feature/acme_server/acme_server.h"
#include "os/file.h"
#include "os/temporary_folder_for_test.h"

namespace gate::acme_server {
namespace {

class AcmeServerConfig : public testing::Test {
 protected:
  const AcmeServerSettings* parse(const std::string& text) {
    conf::SourceSet sources;
    conf::Diagnostics diagnostics;
    const auto& source = sources.add("gate443.conf", "", text + "\n");
    const auto block = conf::parse(source, diagnostics);
    conf::Reader reader(diagnostics, sources, environment_);
    plan_ = parse_acme_server(block.statements.at(0), reader);
    shown_ = render(diagnostics, sources);
    EXPECT_EQ(plan_ == nullptr, diagnostics.has_errors());
    return plan_ ? &static_cast<const AcmeServerPlan&>(*plan_).settings() : nullptr;
  }

  conf::SystemEnvironment environment_;
  os::TemporaryFolder temporary_;
  std::unique_ptr<const http::ServicePlan> plan_;
  std::string shown_;
};

TEST_F(AcmeServerConfig, gives_short_lives_by_itself) {
  const auto* settings = parse("acme-server");
  ASSERT_TRUE(settings) << shown_;
  EXPECT_EQ(settings->path, "/acme");
  EXPECT_EQ(settings->lifetime, std::chrono::days(7));
  EXPECT_FALSE(settings->limits_names());
  EXPECT_TRUE(settings->external_accounts.empty());
}

TEST_F(AcmeServerConfig, reads_everything) {
  const std::string secret = temporary_.path("secret");
  ASSERT_TRUE(os::write_file_atomically(secret, "MDEyMzQ1Njc4OWFiY2RlZg\n", 0600).has_value());
  const auto* settings = parse(
      "acme-server /pki/ {\n  allow 10.0.0.0/8 fd00::/8\n  names example.internal 10.0.0.0/8\n"
      "  lifetime 30d\n  eab printer file:" +
      secret +
      "\n  validate 10.0.0.0/8\n"
      "  http-port 8080\n  tls-port 8443\n  resolver 10.0.0.53:53\n}");
  ASSERT_TRUE(settings) << shown_;
  EXPECT_EQ(settings->path, "/pki");
  EXPECT_EQ(settings->allow.size(), 2U);
  EXPECT_TRUE(settings->names.permits("a.example.internal"));
  EXPECT_FALSE(settings->names.permits("a.example.com"));
  EXPECT_EQ(settings->lifetime, std::chrono::days(30));
  ASSERT_EQ(settings->external_accounts.size(), 1U);
  EXPECT_EQ(settings->external_accounts[0].id, "printer");
  EXPECT_EQ(settings->external_accounts[0].secret, "0123456789abcdef");
  EXPECT_EQ(settings->validate.size(), 1U);
  EXPECT_EQ(settings->http_port, 8080);
  EXPECT_EQ(settings->tls_port, 8443);
  EXPECT_EQ(settings->resolvers.size(), 1U);
}

TEST_F(AcmeServerConfig, says_what_is_wrong) {
  const std::string weak = temporary_.path("weak");
  ASSERT_TRUE(os::write_file_atomically(weak, "c2hvcnQ", 0600).has_value());
  for (const char* block :
       {"lifetime 5m", "lifetime 3y", "names a/b", "allow example.com", "eab a plain", "tls-port 0"}) {
    EXPECT_FALSE(parse(std::string("acme-server {\n  ") + block + "\n}")) << block;
  }
  EXPECT_FALSE(parse("acme-server {\n  eab a file:" + weak + "\n}"));
  EXPECT_NE(shown_.find("G4273"), std::string::npos) << shown_;
}

}  // namespace
}  // namespace gate::acme_server

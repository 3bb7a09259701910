#include "acme/dns_publisher.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "acme/dns_codes.h"
#include "acme/dns_exec_publisher.h"
#include "acme/dns_http_publisher.h"
#include "acme/dns_update_publisher.h"
#include "client/loop_context.h"
#include "client/scripted_server_for_test.h"
#include "dns/codes.h"
#include "dns/fake_server_for_test.h"
#include "dns/rdata.h"
#include "os/file.h"
#include "os/random.h"
#include "os/temporary_folder_for_test.h"

namespace gate::acme {
namespace {

using namespace std::chrono_literals;
using client::ScriptedServer;

const DnsValue kValue{dns::Name::parse("_acme-challenge.example.com").value(), dns::Name::parse("example.com").value(),
                      "value"};

class PublisherTest : public testing::Test {
 protected:
  base::Result<> publish(DnsPublisher& publisher, const DnsValue& value = kValue) {
    std::optional<base::Result<>> outcome;
    publisher.publish(value, into(outcome));
    return wait_for(outcome);
  }
  base::Result<> withdraw(DnsPublisher& publisher) {
    std::optional<base::Result<>> outcome;
    publisher.withdraw(kValue, into(outcome));
    return wait_for(outcome);
  }

  DnsPublisher::Done into(std::optional<base::Result<>>& outcome) {
    return [&outcome](base::Result<> result) { outcome = std::move(result); };
  }

  base::Result<> wait_for(std::optional<base::Result<>>& outcome) {
    EXPECT_FALSE(outcome.has_value()) << "told from within";
    while (!outcome) loop_->turn(clock_.now() + 100ms);
    return *std::exchange(outcome, std::nullopt);
  }

  DnsExecPublisher shell(std::string script, base::Duration deadline = 20s) {
    return {*loop_, {{"sh", "-c", std::move(script), "hook"}, deadline}};
  }

  const base::SystemClock clock_;
  os::SystemRandom random_;
  std::unique_ptr<loop::Loop> loop_ = loop::Loop::create(clock_).value();
};

TEST_F(PublisherTest, program_gets_what_is_to_be_done_as_arguments) {
  const os::TemporaryFolder folder;
  auto publisher = shell("echo \"$@ $GATE443_ZONE\" >>" + folder.path("calls"));
  EXPECT_TRUE(publish(publisher).has_value());
  EXPECT_TRUE(withdraw(publisher).has_value());
  EXPECT_EQ(
      os::read_file(folder.path("calls"), 1000),
      "present _acme-challenge.example.com value example.com\ncleanup _acme-challenge.example.com value example.com\n");
}

TEST_F(PublisherTest, program_that_fails_has_the_last_word) {
  auto publisher = shell("echo 'no such \x1b[31mdomain' >&2; exit 3");
  const auto outcome = publish(publisher);
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().code, kHookFailed);
  EXPECT_EQ(outcome.error().why, "exit code 3: no such  [31mdomain");
}

TEST_F(PublisherTest, program_that_hangs_is_stopped) {
  auto publisher = shell("sleep 100", 200ms);
  const auto outcome = publish(publisher);
  ASSERT_FALSE(outcome.has_value());
  EXPECT_NE(outcome.error().why.find("did not finish"), std::string::npos) << outcome.error().why;
}

TEST_F(PublisherTest, programs_run_one_after_the_other) {
  const os::TemporaryFolder folder;
  auto publisher = shell("mkdir " + folder.path("lock") + " && sleep 0.02 && rmdir " + folder.path("lock"));
  std::vector<std::optional<base::Result<>>> outcomes(5);
  for (auto& outcome : outcomes) publisher.publish(kValue, into(outcome));
  for (auto& outcome : outcomes) {
    while (!outcome) loop_->turn(clock_.now() + 100ms);
    EXPECT_TRUE(outcome->has_value());
  }
}

class HttpPublisherTest : public PublisherTest {
 protected:
  std::unique_ptr<client::LoopContext> outside_ = client::LoopContext::create(*loop_, random_).value();
};

TEST_F(HttpPublisherTest, posts_what_is_to_be_done) {
  ScriptedServer server(*loop_, [](const std::string&) { return ScriptedServer::response("204 No Content", "", ""); });
  DnsHttpPublisher publisher(outside_->context(), {.url = server.url("/dns"), .token = "secret", .roots = nullptr});
  EXPECT_TRUE(publish(publisher).has_value());
  EXPECT_TRUE(withdraw(publisher).has_value());
  ASSERT_EQ(server.requests.size(), 2U);
  EXPECT_TRUE(server.requests[0].starts_with("POST /dns HTTP/1.1\r\n"));
  EXPECT_NE(server.requests[0].find("Bearer secret"), std::string::npos);
  EXPECT_TRUE(
      server.requests[0].ends_with("{\"action\":\"present\",\"name\":\"_acme-challenge.example.com\",\"value\":"
                                   "\"value\",\"zone\":\"example.com\"}"));
  EXPECT_NE(server.requests[1].find("\"action\":\"cleanup\""), std::string::npos);
}

TEST_F(HttpPublisherTest, fails_by_status_and_never_tells_the_token) {
  ScriptedServer server(*loop_, [](const std::string&) { return ScriptedServer::response("403 Forbidden", "", "no"); });
  DnsHttpPublisher publisher(outside_->context(), {.url = server.url(), .token = "secret", .roots = nullptr});
  const auto outcome = publish(publisher);
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().code, kHttpHookFailed);
  EXPECT_EQ(outcome.error().why, "it answered with status 403");
  EXPECT_EQ(render(outcome.error()).find("secret"), std::string::npos);
}

class UpdatePublisherTest : public dns::DnsTest {};

TEST_F(UpdatePublisherTest, adds_a_value_and_removes_that_alone) {
  std::vector<dns::Message> received;
  dns::FakeServer server(*loop_, [&](base::ByteView asked, bool) {
    received.push_back(dns::decode(asked).value());
    return dns::Answers{encode(dns::answer_to(asked, {}, dns::Rcode::kServerFailure))};
  });
  DnsUpdatePublisher publisher(
      context_, {server.endpoint()},
      {dns::Name::parse("key").value(), dns::TsigAlgorithm::kHmacSha256, std::string(32, 's')});
  std::optional<base::Result<>> outcome;
  publisher.publish(kValue, [&](base::Result<> result) { outcome = std::move(result); });
  EXPECT_EQ(wait_for(outcome).error().code, dns::kUpdateFailed);
  publisher.withdraw(kValue, [&](base::Result<> result) { outcome = std::move(result); });
  EXPECT_EQ(wait_for(outcome).error().code, dns::kUpdateFailed);
  ASSERT_EQ(received.size(), 2U);
  const dns::Record made{kValue.name, dns::Type::kTxt, dns::Class::kInternet, 60, dns::text_data("value")};
  EXPECT_EQ(received[0].authorities, std::vector{made});
  const dns::Record unmade{kValue.name, dns::Type::kTxt, dns::Class::kNone, 0, dns::text_data("value")};
  EXPECT_EQ(received[1].authorities, std::vector{unmade});
}

}  // namespace
}  // namespace gate::acme

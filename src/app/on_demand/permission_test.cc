#include "app/on_demand/permission.h"

#include <gtest/gtest.h>

#include <optional>

#include "client/loop_context.h"
#include "client/scripted_server_for_test.h"
#include "os/random.h"

namespace gate::app {
namespace {

using client::ScriptedServer;

TEST(Allow, takes_names_and_one_label_for_a_star) {
  const OnDemandSettings settings{.allow = {"shop.example.com", "*.customers.example.com"}};
  EXPECT_TRUE(is_allowed(settings, "shop.example.com"));
  EXPECT_TRUE(is_allowed(settings, "a.customers.example.com"));
  for (const std::string_view other :
       {"example.com", "www.shop.example.com", "customers.example.com", "a.b.customers.example.com",
        ".customers.example.com", "xcustomers.example.com", "shop.example.com.evil.net", ""}) {
    EXPECT_FALSE(is_allowed(settings, other)) << other;
  }
  EXPECT_FALSE(is_allowed({}, "shop.example.com"));
}

class PermissionTest : public testing::Test {
 protected:
  Permission::Answer ask(const std::string& url, const std::string& name = "a.example.com") {
    std::optional<Permission::Answer> got;
    permission_.ask(name, {.ask = url}, [&](Permission::Answer answer) { got = std::move(answer); });
    EXPECT_FALSE(got) << "from within";
    EXPECT_TRUE(permission_.is_asking(name));
    const auto patience = loop_->now() + std::chrono::seconds(20);
    while (!got && loop_->now() < patience) loop_->turn(patience);
    EXPECT_TRUE(got);
    EXPECT_FALSE(permission_.is_asking(name));
    return got.value_or(Permission::Answer{});
  }

  base::SystemClock clock_;
  os::SystemRandom random_;
  std::unique_ptr<loop::Loop> loop_ = loop::Loop::create(clock_).value();
  std::unique_ptr<client::LoopContext> outside_ = client::LoopContext::create(*loop_, random_).value();
  Permission permission_{outside_->context()};
};

TEST_F(PermissionTest, ok_allows_and_the_name_stands_in_the_query) {
  std::string status = "200 OK";
  ScriptedServer server(*loop_, [&](const std::string&) { return ScriptedServer::response(status, "", "yes"); });
  EXPECT_EQ(ask(server.url("/allowed")).verdict, Permission::Verdict::kAllowed);
  EXPECT_EQ(ask(server.url("/allowed?key=1")).verdict, Permission::Verdict::kAllowed);
  ASSERT_EQ(server.requests.size(), 2U);
  EXPECT_TRUE(server.requests[0].starts_with("GET /allowed?domain=a.example.com HTTP/1.1\r\n")) << server.requests[0];
  EXPECT_TRUE(server.requests[1].starts_with("GET /allowed?key=1&domain=a.example.com ")) << server.requests[1];
}

TEST_F(PermissionTest, everything_else_refuses_redirects_among_it) {
  std::string status;
  ScriptedServer server(*loop_,
                        [&](const std::string&) { return ScriptedServer::response(status, "Location: /yes\r\n", ""); });
  for (const char* each : {"201 Created", "204 No Content", "302 Found", "403 Forbidden", "404 Not Found", "500 No"}) {
    status = each;
    const auto answer = ask(server.url());
    EXPECT_EQ(answer.verdict, Permission::Verdict::kRefused) << each;
    EXPECT_NE(answer.why.find(std::string(each).substr(0, 3)), std::string::npos) << answer.why;
  }
  EXPECT_EQ(server.requests.size(), 6U) << "no redirect is followed";
}

TEST_F(PermissionTest, a_server_that_is_not_there_is_no_refusal) {
  const auto answer = ask("http://127.0.0.1:1/allowed");
  EXPECT_EQ(answer.verdict, Permission::Verdict::kUnknown);
  EXPECT_NE(answer.why.find("127.0.0.1:1"), std::string::npos) << answer.why;
}

}  // namespace
}  // namespace gate::app

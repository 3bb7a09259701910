#include "client/fetch.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "client/codes.h"
#include "client/loop_context.h"
#include "client/scripted_server_for_test.h"
#include "os/random.h"

namespace gate::client {
namespace {

using namespace std::chrono_literals;

class FetchTest : public testing::Test {
 protected:
  FetchTest() {
    loop_ = loop::Loop::create(clock_).value();
    outside_ = LoopContext::create(*loop_, random_).value();
  }

  // Makes a fetch to its end.
  base::Result<FetchResponse> fetch(FetchRequest request) {
    Fetch fetch(outside_->context(), nullptr);
    return run(fetch, std::move(request));
  }

  base::Result<FetchResponse> run(Fetch& fetch, FetchRequest request) {
    std::optional<base::Result<FetchResponse>> outcome;
    fetch.start(std::move(request), [&](auto result) { outcome = std::move(result); });
    EXPECT_FALSE(outcome) << "told from within start";
    const auto until = clock_.now() + 10s;
    while (!outcome && clock_.now() < until) loop_->turn(clock_.now() + 100ms);
    return std::move(outcome).value();
  }

  const base::SystemClock clock_;
  os::SystemRandom random_;
  std::unique_ptr<loop::Loop> loop_;
  std::unique_ptr<LoopContext> outside_;
};

TEST_F(FetchTest, brings_status_fields_and_body) {
  ScriptedServer server(*loop_, [](const std::string&) {
    return ScriptedServer::response("201 Created", "Location: /order/1\r\n", "made");
  });
  const auto response = fetch({.method = "POST",
                               .url = server.url("/new?x=1"),
                               .fields = {{"content-type", "application/jose+json"}},
                               .body = "{\"a\":1}"});
  ASSERT_TRUE(response) << response.error().why;
  EXPECT_EQ(response->status, 201);
  EXPECT_EQ(response->field("location"), "/order/1");
  EXPECT_EQ(response->field("retry-after"), std::nullopt);
  EXPECT_EQ(response->body, "made");
  ASSERT_EQ(server.requests.size(), 1U);
  const std::string request = base::lowered(server.requests.front());
  EXPECT_TRUE(request.starts_with("post /new?x=1 http/1.1\r\n")) << request;
  EXPECT_TRUE(request.contains("content-type: application/jose+json\r\n")) << request;
  EXPECT_TRUE(request.contains("user-agent: gate443\r\n")) << request;
  EXPECT_TRUE(request.ends_with("\r\n\r\n{\"a\":1}")) << request;
}

TEST_F(FetchTest, may_be_destroyed_by_what_it_tells) {
  ScriptedServer server(*loop_, [](const std::string&) { return ScriptedServer::response("200 OK", "", "x"); });
  auto fetch = std::make_unique<Fetch>(outside_->context(), nullptr);
  bool told = false;
  fetch->start({.url = server.url()}, [&](const auto&) {
    fetch.reset();
    told = true;
  });
  while (!told) loop_->turn(clock_.now() + 100ms);
  loop_->turn(clock_.now());
}

TEST_F(FetchTest, destroyed_early_tells_nothing) {
  ScriptedServer server(*loop_, [](const std::string&) { return ScriptedServer::response("200 OK", "", "x"); });
  auto fetch = std::make_unique<Fetch>(outside_->context(), nullptr);
  fetch->start({.url = server.url()}, [](const auto&) { FAIL(); });
  while (server.requests.empty()) loop_->turn(clock_.now() + 100ms);
  fetch.reset();
  loop_->turn(clock_.now() + 20ms);
}

TEST_F(FetchTest, an_answer_that_is_late_is_an_error) {
  ScriptedServer server(*loop_, [](const std::string&) { return "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc"; });
  const auto response = fetch({.url = server.url(), .deadline = 60ms});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, kFetchTimedOut);
  EXPECT_EQ(response.error().retry, base::Retry::kLater);
}

TEST_F(FetchTest, an_answer_without_end_is_given_up) {
  ScriptedServer server(
      *loop_, [](const std::string&) { return ScriptedServer::response("200 OK", "", std::string(5000, 'x')); });
  const auto response = fetch({.url = server.url(), .response_bytes_max = 4999});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, kFetchTooLarge);
  EXPECT_TRUE(fetch({.url = server.url(), .response_bytes_max = 5000}));
}

TEST_F(FetchTest, garbage_is_an_error) {
  ScriptedServer server(*loop_, [](const std::string&) { return "SSH-2.0-OpenSSH_9.2\r\n\r\n"; });
  const auto response = fetch({.url = server.url()});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, kFetchFailed);
}

TEST_F(FetchTest, nobody_listening_is_an_error_that_may_pass) {
  std::string url;
  {
    const ScriptedServer gone(*loop_, [](const std::string&) { return ""; });
    url = gone.url();
  }
  const auto response = fetch({.url = url});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, kFetchFailed);
  EXPECT_EQ(response.error().retry, base::Retry::kLater);
  EXPECT_TRUE(response.error().what.contains(url)) << response.error().what;
}

TEST_F(FetchTest, refuses_what_is_no_url) {
  const auto response = fetch({.url = "ftp://example.com/"});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, kBadUrl);
}

TEST_F(FetchTest, sends_no_field_that_holds_a_line_break) {
  ScriptedServer server(*loop_, [](const std::string&) { return ScriptedServer::response("200 OK", "", ""); });
  const auto response = fetch({.url = server.url(), .fields = {{"authorization", "Bearer x\r\nHost: evil"}}});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, kFetchFailed);
  EXPECT_FALSE(base::render(response.error()).contains("Bearer"));
  EXPECT_TRUE(server.requests.empty());
}

TEST_F(FetchTest, follows_redirects_only_where_asked_to) {
  ScriptedServer server(*loop_, [](const std::string& request) {
    if (request.starts_with("GET /b")) return ScriptedServer::response("200 OK", "", "there");
    return ScriptedServer::response("302 Found", "Location: /b\r\n", "");
  });
  EXPECT_EQ(fetch({.url = server.url("/a")}).value().status, 302);
  const auto response = fetch({.url = server.url("/a"), .redirects_max = 1});
  ASSERT_TRUE(response) << response.error().why;
  EXPECT_EQ(response->body, "there");
  EXPECT_EQ(response->url.target, "/b");
  EXPECT_EQ(fetch({.method = "POST", .url = server.url("/a"), .redirects_max = 1}).value().status, 302);
}

TEST_F(FetchTest, gives_up_on_redirects_in_a_circle) {
  ScriptedServer server(*loop_, [](const std::string&) {
    return ScriptedServer::response("307 Temporary Redirect", "Location: /a\r\n", "");
  });
  const auto response = fetch({.url = server.url("/a"), .redirects_max = 3});
  ASSERT_FALSE(response);
  EXPECT_EQ(server.requests.size(), 4U);
}

TEST_F(FetchTest, shows_credentials_to_no_other_server) {
  ScriptedServer other(*loop_, [](const std::string&) { return ScriptedServer::response("200 OK", "", ""); });
  ScriptedServer server(*loop_, [&](const std::string&) {
    return ScriptedServer::response("302 Found", "Location: " + other.url() + "\r\n", "");
  });
  const FetchRequest request{
      .url = server.url(), .fields = {{"authorization", "Bearer x"}, {"accept", "*/*"}}, .redirects_max = 1};
  ASSERT_TRUE(fetch(request));
  EXPECT_TRUE(base::lowered(server.requests.at(0)).contains("authorization"));
  EXPECT_FALSE(base::lowered(other.requests.at(0)).contains("authorization"));
  EXPECT_TRUE(base::lowered(other.requests.at(0)).contains("accept"));
}

TEST_F(FetchTest, keeps_its_connection_as_long_as_somebody_wants_it_kept) {
  ScriptedServer server(*loop_, [](const std::string&) { return ScriptedServer::response("200 OK", "", ""); });
  {
    const auto kept = Fetch::keep_connections(outside_->context(), server.url(), nullptr);
    ASSERT_TRUE(kept);
    Fetch again(outside_->context(), nullptr);
    EXPECT_TRUE(run(again, {.url = server.url()}));
    EXPECT_TRUE(run(again, {.url = server.url()}));
  }
  EXPECT_EQ(server.connections, 1U);
  EXPECT_TRUE(fetch({.url = server.url()}));
  EXPECT_EQ(server.connections, 2U);
}

}  // namespace
}  // namespace gate::client

#include "feature/files/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>

#include "feature/files/codes.h"
#include "http/cache_budget.h"
#include "http/codes.h"
#include "http/testing/fake_exchange.h"
#include "os/served_folder_for_test.h"

namespace gate::files {
namespace {

using http::Flow;
using http::testing::FakeClock;
using http::testing::FakeExchange;
using http::testing::FakeRequest;
using State = http::BodyRead::State;
using Lines = std::initializer_list<std::pair<std::string_view, std::string_view>>;

constexpr auto* kModifiedText = "Wed, 01 Jul 2026 00:00:00 GMT";

class Files : public ::testing::Test {
 protected:
  Files() {
    folder_.write("index.html", "<h1>home</h1>");
    folder_.write("a.txt", "0123456789");
    folder_.write("docs/index.html", "docs");
    options_.root = folder_.path();
  }

  // Each test may change options_ before the first request.
  std::unique_ptr<FakeExchange> ask(FakeRequest request, Lines fields = {}) {
    if (!service_) {
      plan_.emplace(options_);
      service_ = plan_->build({.clock = clock_, .cache = &budget_});
    }
    auto fake = std::make_unique<FakeExchange>(request);
    for (const auto& [name, value] : fields) fake->add(name, value);
    flow_ = fake->run(*service_);
    EXPECT_EQ(fake->responses(), flow_ == Flow::kTaken ? 1 : 0) << request.target;
    return fake;
  }
  std::unique_ptr<FakeExchange> get(std::string_view target, Lines fields = {}) {
    return ask({.target = target}, fields);
  }

  std::uint16_t status(std::string_view target, Lines fields = {}) {
    const auto fake = get(target, fields);
    return flow_ == Flow::kNext ? std::uint16_t{0} : fake->status();
  }

  os::ServedFolder folder_;
  FilesOptions options_;
  FakeClock clock_;
  http::CacheBudget budget_;
  std::optional<FilesPlan> plan_;
  std::unique_ptr<http::Service> service_;
  Flow flow_ = Flow::kNext;
};

TEST_F(Files, sends_a_file_with_what_describes_it) {
  const auto fake = get("/a.txt?query=ignored");
  EXPECT_EQ(fake->status(), 200);
  EXPECT_EQ(fake->field("content-type"), "text/plain; charset=utf-8");
  EXPECT_EQ(fake->field("last-modified"), kModifiedText);
  EXPECT_EQ(fake->field("accept-ranges"), "bytes");
  EXPECT_TRUE(fake->field("etag").starts_with('"'));
  EXPECT_EQ(fake->response().body->length(), 10u);
  EXPECT_EQ(fake->read_body(3), "0123456789");
  EXPECT_EQ(fake->last_read(), State::kEnd);
}

TEST_F(Files, answers_head_like_get) {
  const auto fake = ask({.method = "HEAD", .target = "/a.txt"}, {{"range", "bytes=0-1"}});
  EXPECT_EQ(fake->status(), 200) << "a range is for GET only";
  EXPECT_EQ(fake->field("last-modified"), kModifiedText);
  EXPECT_EQ(fake->response().body->length(), 10u);
}

TEST_F(Files, refuses_other_methods_for_files_that_exist) {
  for (const auto* method : {"POST", "PUT", "DELETE", "PATCH", "TRACE", "BREW"}) {
    const auto fake = ask({.method = method, .target = "/a.txt"});
    EXPECT_EQ(fake->status(), 405) << method;
    EXPECT_EQ(fake->field("allow"), "GET, HEAD, OPTIONS");
  }
  ask({.method = "POST", .target = "/nothing"});
  EXPECT_EQ(flow_, Flow::kNext);
}

TEST_F(Files, answers_options) {
  const auto fake = ask({.method = "OPTIONS", .target = "/a.txt"});
  EXPECT_EQ(fake->status(), 204);
  EXPECT_EQ(fake->field("allow"), "GET, HEAD, OPTIONS");
  EXPECT_FALSE(fake->response().body);
}

TEST_F(Files, leaves_to_the_next_statement_what_it_has_not) {
  for (const auto* target : {"/nothing", "/nothing/", "/a.txt/", "/a.txt/b", "/docs/nothing.html", "*"}) {
    get(target);
    EXPECT_EQ(flow_, Flow::kNext) << target;
  }
}

TEST_F(Files, never_serves_names_that_begin_with_a_dot) {
  folder_.write(".env", "secret");
  folder_.write(".git/config", "secret");
  folder_.write("docs/.htpasswd", "secret");
  folder_.write(".well-known/security.txt", "public");
  for (const auto* target : {"/.env", "/.git/config", "/.git/", "/docs/.htpasswd"}) {
    get(target);
    EXPECT_EQ(flow_, Flow::kNext) << target;
  }
  EXPECT_EQ(get("/.well-known/security.txt")->read_body(), "public");
}

TEST_F(Files, sends_the_index_of_a_folder) {
  EXPECT_EQ(get("/")->read_body(), "<h1>home</h1>");
  EXPECT_EQ(get("/docs/")->read_body(), "docs");
  EXPECT_EQ(get("/docs/")->field("content-type"), "text/html; charset=utf-8");
}

TEST_F(Files, takes_the_first_index_that_exists) {
  options_.index = {"index.htm", "index.html", "a.txt"};
  EXPECT_EQ(get("/docs/")->read_body(), "docs");
  folder_.write("docs/index.htm", "first");
  EXPECT_EQ(get("/docs/")->read_body(), "first");
}

TEST_F(Files, sends_folders_without_a_slash_to_the_one_with) {
  const auto fake = get("/docs?a=1&b=%20");
  EXPECT_EQ(fake->status(), 308);
  EXPECT_EQ(fake->field("location"), "/docs/?a=1&b=%20");
}

TEST_F(Files, never_redirects_to_another_host) {
  EXPECT_EQ(get("//docs")->field("location"), "/docs/");
  EXPECT_EQ(get("///docs")->field("location"), "/docs/");
  folder_.write("\\docs/index.html", "");
  EXPECT_EQ(get("/\\docs")->field("location"), "/docs/");
}

TEST_F(Files, strips_a_prefix) {
  options_.strip = "/static";
  EXPECT_EQ(get("/static/a.txt")->read_body(), "0123456789");
  EXPECT_EQ(get("/static")->field("location"), "/static/");
  EXPECT_EQ(get("/static/docs")->field("location"), "/static/docs/");
  get("/a.txt");
  EXPECT_EQ(flow_, Flow::kNext);
}

TEST_F(Files, sends_the_fallback_where_there_is_no_file) {
  options_.fallback = "index.html";
  EXPECT_EQ(get("/user/42")->read_body(), "<h1>home</h1>");
  EXPECT_EQ(get("/user/42/")->read_body(), "<h1>home</h1>");
  EXPECT_EQ(get("/a.txt")->read_body(), "0123456789");
  ask({.method = "POST", .target = "/user/42"});
  EXPECT_EQ(flow_, Flow::kNext);
  get("/.env");
  EXPECT_EQ(flow_, Flow::kNext);
}

TEST_F(Files, hides_what_links_out_of_the_folder) {
  std::ofstream(folder_.path("secret")) << "secret";
  std::filesystem::create_symlink("../secret", folder_.path("www/link"));
  const auto fake = get("/link");
  EXPECT_EQ(fake->status(), 404);
  ASSERT_TRUE(fake->exchange().refusal);
  EXPECT_EQ(fake->exchange().refusal->code, http::kLinkLeavesRoot);
}

TEST_F(Files, hides_special_files) {
  ASSERT_EQ(::mkfifo(folder_.path("www/pipe").c_str(), 0600), 0);
  const auto fake = get("/pipe");
  EXPECT_EQ(fake->status(), 404);
  EXPECT_EQ(fake->exchange().refusal->code, http::kSpecialFile);
}

TEST_F(Files, forbids_what_permissions_forbid) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  std::filesystem::permissions(folder_.path("www/a.txt"), std::filesystem::perms::none);
  EXPECT_EQ(status("/a.txt"), 403);
}

TEST_F(Files, says_500_when_the_root_is_gone_from_the_start) {
  options_.root = folder_.path("missing");
  const auto fake = get("/a.txt");
  EXPECT_EQ(fake->status(), 500);
  EXPECT_EQ(fake->exchange().refusal->code, http::kCannotRead);
}

TEST_F(Files, uses_the_types_of_the_configuration_and_the_machine) {
  http::MediaTypes machine;
  machine.add("foo", "application/x-machine");
  machine.add("txt", "application/x-machine");
  options_.types = {{"txt", "application/x-mine"}};
  plan_.emplace(options_);
  service_ = plan_->build({.clock = clock_, .media_types = &machine});
  folder_.write("b.foo", "");
  EXPECT_EQ(get("/a.txt")->field("content-type"), "application/x-mine");
  EXPECT_EQ(get("/b.foo")->field("content-type"), "application/x-machine");
  EXPECT_EQ(get("/")->field("content-type"), "text/html; charset=utf-8");
}

TEST_F(Files, sends_empty_files) {
  folder_.write("empty", "");
  const auto fake = get("/empty", {{"range", "bytes=0-"}});
  EXPECT_EQ(fake->status(), 200);
  EXPECT_EQ(fake->read_body(), "");
  EXPECT_EQ(fake->last_read(), State::kEnd);
}

TEST_F(Files, never_dates_a_file_into_the_future) {
  folder_.set_modified("a.txt", 4'000'000'000);
  EXPECT_EQ(get("/a.txt")->field("last-modified"), "Fri, 15 Jan 2027 08:00:00 GMT") << "the clock of the test";
}

// Conditions.

TEST_F(Files, answers_304_to_who_has_it_already) {
  const std::string etag(get("/a.txt")->field("etag"));
  const auto fake = get("/a.txt", {{"if-none-match", etag}});
  EXPECT_EQ(fake->status(), 304);
  EXPECT_EQ(fake->field("etag"), etag);
  EXPECT_EQ(fake->count("content-type"), 0u);
  EXPECT_FALSE(fake->response().body);
  EXPECT_EQ(status("/a.txt", {{"if-modified-since", kModifiedText}}), 304);
  EXPECT_EQ(status("/a.txt", {{"if-none-match", "\"other\""}, {"if-modified-since", kModifiedText}}), 200);
}

TEST_F(Files, answers_412_to_who_expects_another_state) {
  const std::string etag(get("/a.txt")->field("etag"));
  EXPECT_EQ(status("/a.txt", {{"if-match", "\"other\""}}), 412);
  EXPECT_EQ(status("/a.txt", {{"if-match", etag}}), 200);
  EXPECT_EQ(status("/a.txt", {{"if-unmodified-since", "Wed, 01 Jul 2025 00:00:00 GMT"}}), 412);
}

TEST_F(Files, changes_the_etag_with_the_file) {
  const std::string etag(get("/a.txt")->field("etag"));
  folder_.replace("a.txt", "9876543210");
  clock_.instant += std::chrono::seconds(1);
  EXPECT_EQ(status("/a.txt", {{"if-none-match", etag}}), 200);
}

// Ranges.

TEST_F(Files, sends_a_range) {
  const auto fake = get("/a.txt", {{"range", "bytes=2-4"}});
  EXPECT_EQ(fake->status(), 206);
  EXPECT_EQ(fake->field("content-range"), "bytes 2-4/10");
  EXPECT_EQ(fake->response().body->length(), 3u);
  EXPECT_EQ(fake->read_body(2), "234");
  EXPECT_EQ(get("/a.txt", {{"range", "bytes=-3"}})->read_body(), "789");
}

TEST_F(Files, sends_several_ranges_as_parts) {
  std::string text(1000, '.');
  text.replace(0, 3, "abc").replace(997, 3, "xyz");
  folder_.write("long.txt", text);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{4096}}) {
    const auto fake = get("/long.txt", {{"range", "bytes=997-999,0-2"}});
    EXPECT_EQ(fake->status(), 206);
    const std::string type(fake->field("content-type"));
    ASSERT_TRUE(type.starts_with("multipart/byteranges; boundary=")) << type;
    const auto boundary = type.substr(type.find('=') + 1);
    EXPECT_EQ(fake->count("content-range"), 0u);
    const auto expected =
        "--" + boundary +
        "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes 997-999/1000\r\n\r\nxyz\r\n--" + boundary +
        "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes 0-2/1000\r\n\r\nabc\r\n--" + boundary +
        "--\r\n";
    EXPECT_EQ(fake->response().body->length(), expected.size());
    EXPECT_EQ(fake->read_body(piece), expected);
    EXPECT_EQ(fake->last_read(), State::kEnd);
  }
}

TEST_F(Files, makes_another_boundary_each_time) {
  folder_.write("long.txt", std::string(1000, '.'));
  const Lines range{{"range", "bytes=0-0,500-500"}};
  EXPECT_NE(get("/long.txt", range)->field("content-type"),
            std::string(get("/long.txt", range)->field("content-type")));
}

TEST_F(Files, answers_416_to_ranges_behind_the_end) {
  const auto fake = get("/a.txt", {{"range", "bytes=10-"}});
  EXPECT_EQ(fake->status(), 416);
  EXPECT_EQ(fake->field("content-range"), "bytes */10");
  EXPECT_EQ(fake->exchange().refusal->code, kRangeNotSatisfiable);
}

TEST_F(Files, ignores_ranges_it_need_not_honour) {
  EXPECT_EQ(status("/a.txt", {{"range", "lines=1-2"}}), 200);
  EXPECT_EQ(status("/a.txt", {{"range", "bytes=4-2"}}), 200);
  EXPECT_EQ(status("/a.txt", {{"range", "bytes=0-1"}, {"range", "bytes=2-3"}}), 200) << "two lines are no Range";
}

TEST_F(Files, honours_if_range) {
  const std::string etag(get("/a.txt")->field("etag"));
  EXPECT_EQ(status("/a.txt", {{"range", "bytes=0-1"}, {"if-range", etag}}), 206);
  EXPECT_EQ(status("/a.txt", {{"range", "bytes=0-1"}, {"if-range", "\"other\""}}), 200);
  EXPECT_EQ(status("/a.txt", {{"range", "bytes=0-1"}, {"if-range", kModifiedText}}), 206);
}

// Compressed siblings.

TEST_F(Files, sends_the_compressed_sibling_the_client_likes_best) {
  folder_.write("app.js", "plain");
  folder_.write("app.js.br", "brotli");
  folder_.write("app.js.gz", "gzip");
  const auto brotli = get("/app.js", {{"accept-encoding", "gzip, br"}});
  EXPECT_EQ(brotli->read_body(), "brotli");
  EXPECT_EQ(brotli->field("content-encoding"), "br");
  EXPECT_EQ(brotli->field("content-type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(brotli->field("vary"), "Accept-Encoding");
  EXPECT_EQ(get("/app.js", {{"accept-encoding", "gzip, br;q=0.5"}})->read_body(), "gzip");
  const auto plain = get("/app.js");
  EXPECT_EQ(plain->read_body(), "plain");
  EXPECT_EQ(plain->count("content-encoding"), 0u);
  EXPECT_EQ(plain->field("vary"), "Accept-Encoding") << "a cache must not give this to everybody";
  EXPECT_NE(plain->field("etag"), brotli->field("etag"));
}

TEST_F(Files, judges_conditions_and_ranges_by_the_form_it_sends) {
  folder_.write("app.js", "plain");
  folder_.write("app.js.gz", "gzip");
  const std::string etag(get("/app.js", {{"accept-encoding", "gzip"}})->field("etag"));
  EXPECT_EQ(status("/app.js", {{"accept-encoding", "gzip"}, {"if-none-match", etag}}), 304);
  EXPECT_EQ(status("/app.js", {{"if-none-match", etag}}), 200);
  const auto part = get("/app.js", {{"accept-encoding", "gzip"}, {"range", "bytes=1-2"}});
  EXPECT_EQ(part->field("content-encoding"), "gzip");
  EXPECT_EQ(part->read_body(), "zi");
}

TEST_F(Files, leaves_siblings_alone_when_told_to_or_pointless) {
  folder_.write("photo.png", "png");
  folder_.write("photo.png.gz", "gzip");
  folder_.write("app.js", "plain");
  folder_.write("app.js.gz", "gzip");
  options_.precompressed = false;
  EXPECT_EQ(get("/app.js", {{"accept-encoding", "gzip"}})->read_body(), "plain");
  service_.reset();
  options_.precompressed = true;
  EXPECT_EQ(get("/photo.png", {{"accept-encoding", "gzip"}})->read_body(), "png");
  EXPECT_EQ(get("/photo.png")->count("vary"), 0u);
}

// Files that change while they are sent.

TEST_F(Files, fails_the_body_of_a_file_that_was_cut_short) {
  folder_.write("big.bin", std::string(200'000, 'x'));
  const auto fake = get("/big.bin");
  std::filesystem::resize_file(folder_.path("www/big.bin"), 100'000);
  EXPECT_EQ(fake->read_body(60'000).size(), 60'000u);
  EXPECT_EQ(fake->last_read(), State::kFailed);
}

TEST_F(Files, fails_a_part_of_a_file_that_was_cut_short) {
  folder_.write("big.bin", std::string(200'000, 'x'));
  const auto fake = get("/big.bin", {{"range", "bytes=0-9,150000-150009"}});
  std::filesystem::resize_file(folder_.path("www/big.bin"), 100'000);
  fake->read_body(64);
  EXPECT_EQ(fake->last_read(), State::kFailed);
}

TEST_F(Files, sends_no_more_than_announced_when_a_file_grows) {
  folder_.write("big.log", std::string(100'000, 'x'));
  const auto fake = get("/big.log");
  folder_.write("big.log", std::string(150'000, 'x'));
  EXPECT_EQ(fake->read_body().size(), 100'000u);
  EXPECT_EQ(fake->last_read(), State::kEnd);
}

TEST_F(Files, goes_on_sending_a_file_that_was_replaced) {
  folder_.write("big.bin", std::string(200'000, 'x'));
  const auto fake = get("/big.bin");
  folder_.replace("big.bin", "short");
  EXPECT_EQ(fake->read_body(), std::string(200'000, 'x'));
  EXPECT_EQ(fake->last_read(), State::kEnd);
}

TEST_F(Files, releases_what_it_holds_when_an_exchange_is_cancelled) {
  folder_.write("big.bin", std::string(200'000, 'x'));
  get("/big.bin").reset();
  service_.reset();
  EXPECT_EQ(budget_.used().descriptors, 0u);
  EXPECT_EQ(budget_.used().bytes, 0u);
}

// Listings.

TEST_F(Files, lists_a_folder_only_when_told_to) {
  folder_.write("pub/file.txt", "12345");
  get("/pub/");
  EXPECT_EQ(flow_, Flow::kNext);
  service_.reset();
  options_.listing = true;
  const auto fake = get("/pub/");
  EXPECT_EQ(fake->status(), 200);
  EXPECT_EQ(fake->field("content-type"), "text/html; charset=utf-8");
  EXPECT_EQ(fake->field("vary"), "Accept");
  EXPECT_TRUE(fake->field("content-security-policy").starts_with("default-src 'none'"));
  EXPECT_NE(fake->read_body().find("href=\"./file.txt\""), std::string::npos);
  EXPECT_EQ(get("/docs/")->read_body(), "docs") << "an index file comes first";
  get("/nothing/");
  EXPECT_EQ(flow_, Flow::kNext);
}

TEST_F(Files, lists_a_folder_as_json_for_who_prefers_it) {
  folder_.write("pub/file.txt", "12345");
  options_.listing = true;
  const auto fake = get("/pub/", {{"accept", "application/json"}});
  EXPECT_EQ(fake->field("content-type"), "application/json");
  EXPECT_EQ(
      fake->read_body(),
      R"({"complete":true,"files":[{"modified":"2026-07-01T00:00:00Z","name":"file.txt","size":5,"type":"file"}],"path":"/pub/"})");
  EXPECT_EQ(get("/pub/", {{"accept", "*/*"}})->field("content-type"), "text/html; charset=utf-8");
}

}  // namespace
}  // namespace gate::files

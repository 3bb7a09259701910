#include "conf/reader.h"

#include <gtest/gtest.h>

#include <string>

#include "conf/fake_environment_for_test.h"

namespace gate::conf {
namespace {

using std::chrono::milliseconds;

class ReaderTest : public testing::Test {
 protected:
  Word word(std::string text) { return {std::move(text), {0, 1, 1, 1}, false}; }

  // What the last reading reported, then forgotten.
  std::string problem() {
    std::string text;
    if (!diagnostics_.empty()) text = diagnostics_.shown()[0].message + " | " + diagnostics_.shown()[0].help;
    diagnostics_ = {};
    return text;
  }

  FakeEnvironment environment_;
  SourceSet sources_;
  const Source& source_ = sources_.add("/etc/gate/a.conf", "/etc/gate", "x\n");
  Diagnostics diagnostics_;
  Reader reader_{diagnostics_, sources_, environment_};
};

TEST_F(ReaderTest, reads_durations) {
  EXPECT_EQ(reader_.duration(word("500ms")), milliseconds(500));
  EXPECT_EQ(reader_.duration(word("30s")), milliseconds(30'000));
  EXPECT_EQ(reader_.duration(word("5m")), milliseconds(300'000));
  EXPECT_EQ(reader_.duration(word("12h")), std::chrono::hours(12));
  EXPECT_EQ(reader_.duration(word("1d")), std::chrono::hours(24));
  EXPECT_EQ(reader_.duration(word("2w")), std::chrono::hours(24 * 14));
  EXPECT_EQ(reader_.duration(word("1y")), std::chrono::hours(24 * 365));
  EXPECT_EQ(reader_.duration(word("0s")), milliseconds(0));
  EXPECT_TRUE(diagnostics_.empty());
}

TEST_F(ReaderTest, refuses_other_durations_with_an_idea) {
  EXPECT_FALSE(reader_.duration(word("30")));
  EXPECT_EQ(problem(), "\"30\" is not a duration | did you mean \"30s\"?");
  EXPECT_FALSE(reader_.duration(word("30S")));
  EXPECT_EQ(problem(), "\"30S\" is not a duration | did you mean \"30s\"?");
  for (const char* text : {"", "s", "-1s", "+1s", "1.5h", "1h30m", "1 s", "0x10s", "99999999999999999999s",
                           "9223372036854775807y", "soon"}) {
    EXPECT_FALSE(reader_.duration(word(text))) << text;
    EXPECT_NE(problem(), "");
  }
}

TEST_F(ReaderTest, keeps_durations_in_their_range) {
  const DurationRange range{.min = std::chrono::seconds(1), .max = std::chrono::hours(1)};
  EXPECT_TRUE(reader_.duration(word("1s"), range));
  EXPECT_TRUE(reader_.duration(word("60m"), range));
  EXPECT_FALSE(reader_.duration(word("999ms"), range));
  EXPECT_EQ(problem(), "\"999ms\" is out of range | between 1s and 1h");
  EXPECT_FALSE(reader_.duration(word("61m"), range));
}

TEST_F(ReaderTest, reads_sizes_in_decimal_and_binary_units) {
  EXPECT_EQ(reader_.size(word("512B")), 512U);
  EXPECT_EQ(reader_.size(word("64KB")), 64'000U);
  EXPECT_EQ(reader_.size(word("64KiB")), 65'536U);
  EXPECT_EQ(reader_.size(word("10MB")), 10'000'000U);
  EXPECT_EQ(reader_.size(word("1GiB")), 1'073'741'824U);
  EXPECT_TRUE(diagnostics_.empty());
}

TEST_F(ReaderTest, refuses_other_sizes_with_an_idea) {
  EXPECT_FALSE(reader_.size(word("10M")));
  EXPECT_EQ(problem(), "\"10M\" is not a size | did you mean \"10MB\"?");
  EXPECT_FALSE(reader_.size(word("10mb")));
  EXPECT_EQ(problem(), "\"10mb\" is not a size | did you mean \"10MB\"?");
  EXPECT_FALSE(reader_.size(word("10")));
  EXPECT_EQ(problem(), "\"10\" is not a size | did you mean \"10B\"?");
  EXPECT_FALSE(reader_.size(word("99999999TiB")));
  EXPECT_EQ(problem().find("did you mean"), std::string::npos);
}

TEST_F(ReaderTest, names_the_range_of_a_size) {
  EXPECT_FALSE(reader_.size(word("1KB"), {.min = 2000, .max = 1U << 20}));
  EXPECT_EQ(problem(), "\"1KB\" is out of range | between 2KB and 1MiB");
}

TEST_F(ReaderTest, reads_numbers_within_their_range) {
  EXPECT_EQ(reader_.integer<int>(word("-5"), -5, 5), -5);
  EXPECT_EQ(reader_.integer<std::uint64_t>(word("18446744073709551615")), UINT64_MAX);
  for (const char* text : {"6", "-6", "", "1x", "0x1", " 1", "99999999999999999999"}) {
    EXPECT_FALSE(reader_.integer<int>(word(text), -5, 5)) << text;
    EXPECT_NE(problem().find("is not a whole number from -5 to 5"), std::string::npos);
  }
}

TEST_F(ReaderTest, reads_switches) {
  EXPECT_EQ(reader_.on_off(word("on")), true);
  EXPECT_EQ(reader_.on_off(word("off")), false);
  EXPECT_FALSE(reader_.on_off(word("yes")));
  EXPECT_EQ(problem(), "\"yes\" is neither on nor off | write on or off");
}

TEST_F(ReaderTest, paths_start_at_the_file_they_stand_in) {
  EXPECT_EQ(reader_.path(word("/srv/www")), "/srv/www");
  EXPECT_EQ(reader_.path(word("www")), "/etc/gate/www");
  EXPECT_EQ(reader_.path({.text = "www"}), "www");
  EXPECT_FALSE(reader_.path(word("")));
}

TEST_F(ReaderTest, reads_blocks_of_addresses) {
  EXPECT_TRUE(reader_.cidr(word("203.0.113.0/24")));
  EXPECT_TRUE(reader_.cidr(word("203.0.113.7")));
  EXPECT_TRUE(reader_.cidr(word("2001:db8::/32")));
  EXPECT_TRUE(reader_.cidr(word("0.0.0.0/0")));
  EXPECT_TRUE(reader_.cidr(word("::/0")));
  EXPECT_TRUE(diagnostics_.empty());
  for (const char* text : {"", "203.0.113.0/33", "203.0.113/24", "localhost", "::/129", "1.2.3.4/", "1.2.3.4/-1"}) {
    EXPECT_FALSE(reader_.cidr(word(text))) << text;
  }
}

TEST_F(ReaderTest, refuses_a_block_with_bits_behind_its_prefix) {
  EXPECT_FALSE(reader_.cidr(word("10.1.2.3/8")));
  EXPECT_EQ(problem(),
            "\"10.1.2.3/8\" names a single address and a block at once | did you mean \"10.0.0.0/8\" or \"10.1.2.3\"?");
  EXPECT_FALSE(reader_.cidr(word("2001:db8::1/32")));
  EXPECT_NE(problem().find("\"2001:db8::/32\""), std::string::npos);
}

TEST_F(ReaderTest, reads_addresses_and_ports) {
  EXPECT_TRUE(reader_.address(word("192.0.2.1")));
  EXPECT_FALSE(reader_.address(word("192.0.2.256")));
  EXPECT_EQ(reader_.port(word("443")), 443);
  EXPECT_FALSE(reader_.port(word("0")));
  EXPECT_FALSE(reader_.port(word("65536")));
  EXPECT_TRUE(reader_.endpoint(word("[::1]:443")));
  EXPECT_FALSE(reader_.endpoint(word("192.0.2.1:0")));
  EXPECT_FALSE(reader_.endpoint(word("localhost:443")));
}

TEST_F(ReaderTest, reads_hosts_with_ports) {
  EXPECT_EQ(reader_.host_port(word("localhost:3000")), (HostPort{"localhost", 3000}));
  EXPECT_EQ(reader_.host_port(word("My_App:80")), (HostPort{"my_app", 80}));
  EXPECT_EQ(reader_.host_port(word("192.0.2.1:443")), (HostPort{"192.0.2.1", 443}));
  EXPECT_EQ(reader_.host_port(word("[2001:DB8::1]:443")), (HostPort{"2001:db8::1", 443}));
  EXPECT_EQ(reader_.host_port(word("example.com"), 443), (HostPort{"example.com", 443}));
  EXPECT_EQ(reader_.host_port(word("[::1]"), 443), (HostPort{"::1", 443}));
  EXPECT_TRUE(diagnostics_.empty());
  for (const char* text : {"", ":80", "localhost", "localhost:", "localhost:0", "localhost:65536", "a b:80", "-a:80",
                           "http://a:80", "256.1.1.1:80", "a..b:80", "[::1:80"}) {
    EXPECT_FALSE(reader_.host_port(word(text))) << text;
  }
}

TEST_F(ReaderTest, a_port_alone_gets_a_host_suggested) {
  EXPECT_FALSE(reader_.host_port(word("3000")));
  EXPECT_EQ(problem(), "\"3000\" is not a host with a port | did you mean \"localhost:3000\"?");
}

TEST_F(ReaderTest, reads_names_of_sites) {
  EXPECT_EQ(reader_.host_name(word("WWW.Example.com.")), (HostName{"www.example.com", HostName::Kind::kExact}));
  EXPECT_EQ(reader_.host_name(word("*.example.com")), (HostName{"*.example.com", HostName::Kind::kWildcard}));
  EXPECT_EQ(reader_.host_name(word("localhost")), (HostName{"localhost", HostName::Kind::kExact}));
  EXPECT_EQ(reader_.host_name(word("2001:DB8::1")), (HostName{"2001:db8::1", HostName::Kind::kAddress}));
  EXPECT_TRUE(reader_.host_name(word(std::string(63, 'a') + ".com")));
  EXPECT_TRUE(diagnostics_.empty());
}

TEST_F(ReaderTest, refuses_other_names_of_sites) {
  for (const std::string& text :
       {std::string(), std::string("a..b"), std::string(".a"), std::string("a.*.b"), std::string("*"),
        std::string("*a.b"), std::string("*.*.a"), std::string("*."), std::string("-a.b"), std::string("a-.b"),
        std::string("a_b.c"), std::string("1.2.3"), std::string("a.b.."), std::string(64, 'a'), std::string("a b"),
        std::string("a:443")}) {
    EXPECT_FALSE(reader_.host_name(word(text))) << text;
  }
  std::string long_name;
  for (int i = 0; i < 64; ++i) long_name += "abc.";
  EXPECT_FALSE(reader_.host_name(word(long_name + "de")));
}

TEST_F(ReaderTest, says_how_a_site_is_named_instead) {
  EXPECT_FALSE(
      reader_.host_name(word("b\xc3\xbc"
                             "cher.example")));
  EXPECT_NE(problem().find("xn--"), std::string::npos);
  EXPECT_FALSE(reader_.host_name(word("https://example.com")));
  EXPECT_NE(problem().find("without https://"), std::string::npos);
}

TEST_F(ReaderTest, reads_status_codes) {
  EXPECT_EQ(reader_.status(word("404")), 404);
  EXPECT_EQ(reader_.status(word("301"), 300, 399), 301);
  for (const char* text : {"99", "600", "-1", "4xx", ""}) EXPECT_FALSE(reader_.status(word(text))) << text;
  EXPECT_FALSE(reader_.status(word("404"), 300, 399));
}

TEST_F(ReaderTest, reads_paths_of_urls) {
  for (const char* text : {"/", "/api/v1", "/a%20b", "/~u/@x;y=1,2", "/...", "/a/.well-known/x"}) {
    EXPECT_EQ(reader_.url_path(word(text)), text);
  }
  EXPECT_TRUE(diagnostics_.empty());
  for (const char* text : {"", "api", "/a b", "/a?b", "/a#b", "/a%2", "/a%zz", "/a%-1", "/\xc3\xbc", "/a/../b", "/./a",
                           "/..", "/a*", "/a\\b", "/\"", "/<"}) {
    EXPECT_FALSE(reader_.url_path(word(text))) << text;
  }
}

TEST_F(ReaderTest, patterns_of_urls_may_hold_stars) {
  EXPECT_EQ(reader_.url_pattern(word("/api/*")), "/api/*");
  EXPECT_FALSE(reader_.url_pattern(word("*.php")));
}

TEST_F(ReaderTest, reads_secrets_by_reference) {
  environment_.variables = {{"TOKEN", "t0p"}};
  environment_.files = {{"/etc/gate/key", "k3y\n"}, {"/abs", "two\nlines\r\n"}};
  EXPECT_EQ(reader_.secret(word("env:TOKEN")).value_or(Secret("")).reveal(), "t0p");
  EXPECT_EQ(reader_.secret(word("file:key")).value_or(Secret("")).reveal(), "k3y");
  EXPECT_EQ(reader_.secret(word("file:/abs")).value_or(Secret("")).reveal(), "two\nlines");
  EXPECT_TRUE(diagnostics_.empty());
}

TEST_F(ReaderTest, says_why_a_secret_is_not_there) {
  environment_.variables = {{"EMPTY", ""}};
  environment_.files = {{"/etc/gate/empty", "\n"}, {"/etc/gate/huge", std::string(65'537, 'x')}};
  EXPECT_FALSE(reader_.secret(word("env:ABSENT")));
  EXPECT_EQ(problem(), "the environment variable ABSENT is not set | ");
  EXPECT_FALSE(reader_.secret(word("env:EMPTY")));
  EXPECT_EQ(problem(), "the environment variable EMPTY is empty | ");
  EXPECT_FALSE(reader_.secret(word("file:absent")));
  EXPECT_NE(problem().find("/etc/gate/absent"), std::string::npos);
  EXPECT_FALSE(reader_.secret(word("file:empty")));
  EXPECT_EQ(problem(), "the file \"empty\" is empty | ");
  EXPECT_FALSE(reader_.secret(word("file:huge")));
}

TEST_F(ReaderTest, never_repeats_a_secret_written_out) {
  for (const char* text : {"x", "hunter2", "env:", "file:", "env:not a name", "env:1A", "ENV:x"}) {
    EXPECT_FALSE(reader_.secret(word(text)));
    ASSERT_EQ(diagnostics_.error_count(), 1U);
    EXPECT_EQ(diagnostics_.shown()[0].code, kSecretInPlain);
    EXPECT_TRUE(diagnostics_.shown()[0].hides_line);
    EXPECT_EQ(problem().find("hunter2"), std::string::npos);
  }
}

TEST_F(ReaderTest, reads_choices) {
  enum class Balance { kRandom, kLeast };
  constexpr Choice<Balance> kChoices[] = {{"random", Balance::kRandom}, {"least-time", Balance::kLeast}};
  EXPECT_EQ(reader_.choice(word("least-time"), kChoices), Balance::kLeast);
  EXPECT_FALSE(reader_.choice(word("least-tim"), kChoices));
  EXPECT_EQ(problem(), "\"least-tim\" is not one of: random, least-time | did you mean \"least-time\"?");
}

}  // namespace
}  // namespace gate::conf

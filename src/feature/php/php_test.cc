#include "feature/php/php.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "feature/php/parameters.h"
#include "feature/php/php_config.h"
#include "http/config/conf_text_for_test.h"
#include "http/testing/fake_exchange.h"
#include "os/served_folder_for_test.h"

namespace gate::php {
namespace {

using http::config::ChainDraft;
using http::config::SiteText;
using http::testing::FakeExchange;
using ::testing::HasSubstr;

constexpr conf::Directive<ChainDraft> kTable[] = {http::config::directive<kPhp>()};

std::string report_of(const std::string& text) { return SiteText(text, kTable).report(); }

// What a script would be told.
class Told {
 public:
  explicit Told(FakeExchange& fake, const PhpOptions& options = {},
                const Script& script = {"/a.php", "/info", "/srv/www/a.php", "/srv/www"})
      : parameters_(fake.exchange().arena()) {
    fill_parameters(fake.exchange(), script, options, parameters_);
  }
  std::string operator[](std::string_view name) const {
    std::string all = "(none)";
    for (const auto& parameter : parameters_) {
      if (parameter.name != name) continue;
      EXPECT_EQ(all, "(none)") << name << " is there twice";
      all = parameter.value;
    }
    return all;
  }
  std::set<std::string> names() const {
    std::set<std::string> names;
    for (const auto& parameter : parameters_) names.emplace(parameter.name);
    return names;
  }

 private:
  http::FieldList parameters_;
};

TEST(Parameters, say_what_cgi_and_php_programs_expect) {
  FakeExchange fake({.method = "POST", .target = "/a.php/info?x=%20y", .body = "hello"});
  fake.add("content-type", "text/plain");
  const Told told(fake);
  const std::pair<std::string_view, std::string_view> expected[] = {
      {"GATEWAY_INTERFACE", "CGI/1.1"},
      {"SERVER_PROTOCOL", "HTTP/1.1"},
      {"SERVER_NAME", "example.com"},
      {"SERVER_ADDR", "192.0.2.254"},
      {"SERVER_PORT", "443"},
      {"REMOTE_ADDR", "192.0.2.1"},
      {"REMOTE_PORT", "50000"},
      {"REQUEST_METHOD", "POST"},
      {"REQUEST_URI", "/a.php/info?x=%20y"},
      {"REQUEST_SCHEME", "https"},
      {"HTTPS", "on"},
      {"QUERY_STRING", "x=%20y"},
      {"SCRIPT_NAME", "/a.php"},
      {"SCRIPT_FILENAME", "/srv/www/a.php"},
      {"DOCUMENT_ROOT", "/srv/www"},
      {"DOCUMENT_URI", "/a.php/info"},
      {"PATH_INFO", "/info"},
      {"PATH_TRANSLATED", "/srv/www/info"},
      {"CONTENT_LENGTH", "5"},
      {"CONTENT_TYPE", "text/plain"},
      {"HTTP_HOST", "example.com"},
      {"HTTP_X_REQUEST_ID", "0123456789abcdef"},
  };
  for (const auto& [name, value] : expected) EXPECT_EQ(told[name], value) << name;
}

TEST(Parameters, leave_out_what_there_is_none_of) {
  FakeExchange fake({.secure = false});
  const Told told(fake, {}, {"/a.php", "", "/srv/www/a.php", "/srv/www"});
  for (const auto* name : {"HTTPS", "PATH_INFO", "PATH_TRANSLATED", "CONTENT_LENGTH", "CONTENT_TYPE"}) {
    EXPECT_EQ(told[name], "(none)") << name;
  }
  EXPECT_EQ(told["QUERY_STRING"], "");
}

TEST(Parameters, hold_no_field_by_which_a_client_could_pass_for_another) {
  FakeExchange fake;
  for (const auto* name : {"proxy", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-anything", "forwarded",
                           "x-real-ip", "x-request-id", "x_under", "x-kept_not", "x.dot", "expect"}) {
    fake.add(name, "forged");
  }
  fake.add("connection", "x-hop");
  fake.add("x-hop", "forged");
  fake.add("upgrade", "forged");
  fake.add("x-kept", "1");
  const Told told(fake);
  std::set<std::string> fields;
  for (const auto& name : told.names()) {
    EXPECT_NE(told[name], "forged") << name;
    if (name.starts_with("HTTP_")) fields.insert(name);
  }
  EXPECT_EQ(fields, (std::set<std::string>{"HTTP_HOST", "HTTP_X_KEPT", "HTTP_X_REQUEST_ID"}));
}

TEST(Parameters, join_fields_that_come_more_than_once) {
  FakeExchange fake;
  fake.add("accept", "a");
  fake.add("cookie", "a=1");
  fake.add("accept", "b");
  fake.add("cookie", "b=2");
  fake.add("x-own", "1");
  fake.add("x-own", "2");
  const Told told(fake);
  EXPECT_EQ(told["HTTP_ACCEPT"], "a, b");
  EXPECT_EQ(told["HTTP_COOKIE"], "a=1; b=2");
  EXPECT_EQ(told["HTTP_X_OWN"], "1, 2");
}

TEST(Parameters, follow_the_configuration_last) {
  FakeExchange fake;
  PhpOptions options;
  options.environment = {{"SERVER_NAME", "fixed.example"}, {"APP_ENV", "production"}};
  const Told told(fake, options);
  EXPECT_EQ(told["SERVER_NAME"], "fixed.example");
  EXPECT_EQ(told["APP_ENV"], "production");
}

TEST(PhpConfig, takes_a_folder_and_a_server) {
  const os::ServedFolder folder;
  EXPECT_EQ(report_of("php " + folder.path() + " unix:/run/php.sock"), "");
  EXPECT_EQ(report_of("php /app/* " + folder.path() + " localhost:9000"), "");
  EXPECT_EQ(report_of("php " + folder.path() +
                      " 9000 {\n  index start.phtml\n  split .php .phtml\n  env APP_ENV \"a b\"\n  env B c\n"
                      "  timeout response 5m\n  timeout idle 10s\n}"),
            "");
  EXPECT_EQ(report_of("php " + folder.path() + " 9000 {\n  index off\n}"), "");
}

TEST(PhpConfig, refuses_what_it_cannot_honour) {
  const os::ServedFolder folder;
  const std::string php = "php " + folder.path();
  EXPECT_THAT(report_of("php /no/such/folder 9000"), HasSubstr("G5108"));
  EXPECT_THAT(report_of(php), HasSubstr("G0143"));
  EXPECT_THAT(report_of(php + " http://localhost:9000"), HasSubstr("FastCGI, not in HTTP"));
  EXPECT_THAT(report_of(php + " a/b"), HasSubstr("G6000"));
  EXPECT_THAT(report_of(php + " 9000 {\n  index a/b.php\n}"), HasSubstr("not the name of an index file"));
  EXPECT_THAT(report_of(php + " 9000 {\n  index index.html\n}"), HasSubstr("is no script by its suffix"));
  EXPECT_THAT(report_of(php + " 9000 {\n  split php\n}"), HasSubstr("is no suffix"));
  EXPECT_THAT(report_of(php + " 9000 {\n  env A-B c\n}"), HasSubstr("not the name of a variable"));
  EXPECT_THAT(report_of(php + " 9000 {\n  timeout queue 1s\n}"), HasSubstr("G0160"));
}

}  // namespace
}  // namespace gate::php

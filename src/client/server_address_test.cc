#include "client/server_address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/codes.h"

namespace gate::client {
namespace {

ServerAddress of(std::string_view text) {
  const auto address = ServerAddress::parse(text);
  EXPECT_TRUE(address.has_value()) << text;
  return address.value_or(ServerAddress{});
}

TEST(ServerAddress, is_read_in_the_forms_people_write) {
  EXPECT_EQ(of("3000").to_string(), "http://localhost:3000");
  EXPECT_EQ(of(":3000").to_string(), "http://localhost:3000");
  EXPECT_EQ(of("App.example").to_string(), "http://app.example:80");
  EXPECT_EQ(of("127.0.0.1:8080").to_string(), "http://127.0.0.1:8080");
  EXPECT_EQ(of("[::1]:8080").to_string(), "http://[::1]:8080");
  EXPECT_EQ(of("::1").to_string(), "http://[::1]:80");
  EXPECT_EQ(of("http://a.example/").to_string(), "http://a.example:80");
  EXPECT_EQ(of("https://a.example").to_string(), "https://a.example:443");
  EXPECT_EQ(of("https://[2001:db8::1]:8443").to_string(), "https://[2001:db8::1]:8443");
  EXPECT_EQ(of("h2c://localhost:50051").to_string(), "h2c://localhost:50051");
  EXPECT_EQ(of("unix:/run/app.sock").to_string(), "unix:/run/app.sock");
}

TEST(ServerAddress, may_be_the_name_of_a_service) {
  const auto service = of("https+srv://_App._tcp.Example.com");
  EXPECT_TRUE(service.service);
  EXPECT_TRUE(service.secure());
  EXPECT_EQ(service.to_string(), "https+srv://_app._tcp.example.com");
  EXPECT_EQ(service.authority(), "example.com");
  EXPECT_EQ(service.certificate_name(), "example.com");
  EXPECT_EQ(of("https://a.example").certificate_name(), "a.example");
  EXPECT_NE(of("http+srv://_a._tcp.b"), of("h2c+srv://_a._tcp.b"));
}

TEST(ServerAddress, names_itself_as_a_host_field_does) {
  EXPECT_EQ(of("https://a.example").authority(), "a.example");
  EXPECT_EQ(of("https://a.example:8443").authority(), "a.example:8443");
  EXPECT_EQ(of("http://[::1]").authority(), "[::1]");
  EXPECT_EQ(of("[::1]:81").authority(), "[::1]:81");
  EXPECT_EQ(of("unix:/run/app.sock").authority(), "localhost");
}

TEST(ServerAddress, refuses_what_names_no_server_and_says_why) {
  for (const auto* text : {"",
                           "0",
                           "a:0",
                           "a:65536",
                           "a:x",
                           "a b",
                           "a..b",
                           ".a",
                           "ftp://a",
                           "https://",
                           "http:///",
                           "a/b",
                           "http://a/path",
                           "http://u@a",
                           "http://a?x",
                           "unix:app.sock",
                           "unix:",
                           "[::1",
                           "::1]:80",
                           "http+srv://a.example",
                           "http+srv://_a._tcp.b:80",
                           "http+srv://_a._tcp.",
                           "http+srv://_a._udp.b",
                           "ftp+srv://_a._tcp.b",
                           "+srv://_a._tcp.b"}) {
    const auto address = ServerAddress::parse(text);
    ASSERT_FALSE(address.has_value()) << text;
    EXPECT_EQ(address.error().code, kBadUpstreamAddress) << text;
    EXPECT_FALSE(address.error().why.empty()) << text;
  }
}

}  // namespace
}  // namespace gate::client

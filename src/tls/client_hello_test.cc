#include "tls/client_hello.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "tls/hello_for_test.h"

namespace gate::tls {
namespace {

using for_test::HelloText;

std::optional<ClientHello> parse(const std::string& bytes) { return parse_client_hello(base::as_bytes(bytes)); }

TEST(ClientHelloParser, reads_what_a_client_offers) {
  const std::string bytes = HelloText()
                                .suites({0x1301, 0xc02b})
                                .server_name("example.com")
                                .extension(43, "\x04\x03\x04\x03\x03")
                                .extension(10, std::string("\x00\x04\x00\x1d\x00\x17", 6))
                                .extension(13, std::string("\x00\x02\x04\x03", 4))
                                .extension(16, std::string("\x00\x03\x02h2", 5))
                                .extension(51, std::string("\x00\x05\x00\x1d\x00\x01K", 7))
                                .extension(23, "")
                                .text();
  const auto hello = parse(bytes);
  ASSERT_TRUE(hello.has_value());
  EXPECT_EQ(hello->server_name, "example.com");
  EXPECT_TRUE(hello->offers_suite(0xc02b));
  EXPECT_FALSE(hello->offers_suite(0xc02c));
  EXPECT_TRUE(hello->offers_version(0x0304));
  EXPECT_TRUE(hello->offers_version(0x0303));
  EXPECT_FALSE(hello->offers_version(0x0302));
  EXPECT_EQ(hello->version_max(), 0x0304);
  EXPECT_TRUE(hello->offers_group(0x0017));
  EXPECT_TRUE(hello->offers_signature(0x0403));
  EXPECT_TRUE(hello->has_key_share(0x001d));
  EXPECT_FALSE(hello->has_key_share(0x0017));
  EXPECT_TRUE(hello->extended_master_secret);
}

TEST(ClientHelloParser, reads_a_hello_without_extensions) {
  const auto hello = parse(HelloText().version(0x0301).suites({0x002f}).text());
  ASSERT_TRUE(hello.has_value());
  EXPECT_EQ(hello->version_max(), 0x0301);
  EXPECT_TRUE(hello->offers_version(0x0301));
  EXPECT_FALSE(hello->offers_version(0x0303));
  EXPECT_FALSE(hello->offers_version(0x0304));
  EXPECT_FALSE(hello->has_server_name);
}

TEST(ClientHelloParser, never_takes_the_legacy_version_for_tls13) {
  EXPECT_FALSE(parse(HelloText().version(0x0304).suites({0x1301}).text())->offers_version(0x0304));
}

TEST(ClientHelloParser, refuses_every_truncation_and_a_byte_too_many) {
  const std::string whole = HelloText().suites({0x1301}).server_name("example.com").text();
  const std::size_t without_extensions = HelloText().suites({0x1301}).text().size();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(parse(whole.substr(0, size)).has_value(), size == without_extensions) << size;
  }
  EXPECT_TRUE(parse(whole).has_value());
  EXPECT_FALSE(parse(whole + "x").has_value());
}

TEST(ClientHelloParser, refuses_an_extension_twice) {
  EXPECT_FALSE(parse(HelloText().suites({0x1301}).extension(23, "").extension(23, "").text()).has_value());
  EXPECT_FALSE(
      parse(HelloText().suites({0x1301}).extension(99, "").extension(1, "").extension(99, "").text()).has_value());
}

TEST(ClientHelloParser, refuses_bad_names) {
  const auto with_name = [](const std::string& content) {
    return parse(HelloText().suites({0x1301}).extension(0, content).text());
  };
  EXPECT_TRUE(with_name(std::string("\x00\x04\x00\x00\x01"
                                    "a",
                                    6))
                  .has_value());
  EXPECT_FALSE(with_name("").has_value());
  EXPECT_FALSE(with_name(std::string("\x00\x03\x00\x00\x00", 5)).has_value()) << "empty";
  EXPECT_FALSE(with_name(std::string("\x00\x04\x01\x00\x01"
                                     "a",
                                     6))
                   .has_value())
      << "no host name";
  EXPECT_FALSE(with_name(std::string("\x00\x04\x00\x00\x01\x00", 6)).has_value()) << "NUL";
  EXPECT_FALSE(with_name(std::string("\x00\x08\x00\x00\x01"
                                     "a\x00\x00\x01"
                                     "b",
                                     10))
                   .has_value())
      << "two names";
  EXPECT_FALSE(parse(HelloText().suites({0x1301}).server_name(std::string(256, 'a')).text()).has_value());
  EXPECT_TRUE(parse(HelloText().suites({0x1301}).server_name(std::string(255, 'a')).text()).has_value());
}

TEST(ClientHelloParser, refuses_odd_and_empty_lists) {
  const auto with = [](std::uint16_t type, const std::string& content) {
    return parse(HelloText().suites({0x1301}).extension(type, content).text());
  };
  EXPECT_FALSE(with(10, std::string("\x00\x03\x00\x1d\x00", 5)).has_value());
  EXPECT_FALSE(with(10, std::string("\x00\x00", 2)).has_value());
  EXPECT_FALSE(with(13, std::string("\x00\x01\x04", 3)).has_value());
  EXPECT_FALSE(with(43, std::string("\x03\x03\x04\x03", 4)).has_value());
  EXPECT_FALSE(with(16, std::string("\x00\x01\x00", 3)).has_value());
  EXPECT_FALSE(with(16, std::string("\x00\x00", 2)).has_value());
  EXPECT_FALSE(with(51, std::string("\x00\x04\x00\x1d\x00\x00", 6)).has_value());
  EXPECT_FALSE(with(23, "x").has_value());
  EXPECT_TRUE(with(51, std::string("\x00\x00", 2)).has_value()) << "RFC 8446 4.2.8 allows no shares at all";
}

TEST(ClientHelloParser, refuses_more_extensions_than_any_client_sends) {
  HelloText most;
  most.suites({0x1301});
  for (std::uint16_t i = 0; i < 128; ++i) most.extension(static_cast<std::uint16_t>(1000 + i), "");
  EXPECT_TRUE(parse(most.text()).has_value());
  EXPECT_FALSE(parse(most.extension(2000, "").text()).has_value());
}

// FoxIO's published example (technical_details/JA4.md), a Chrome: t13d1516h2_8daaf6152771_e5627efa2ab1.
HelloText chrome() {
  return HelloText()
      .suites({0x1a1a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c,
               0x009d, 0x002f, 0x0035})
      .extension(0xdada, "")
      .extension(0x001b, "x")
      .server_name("example.com")
      .extension(0x0033, std::string("\x00\x00", 2))
      .extension(0x0010, std::string("\x00\x0c\x02h2\x08http/1.1", 14))
      .extension(0x4469, "x")
      .extension(0x0017, "")
      .extension(0x002d, "x")
      .extension(0x000d, std::string("\x00\x10\x04\x03\x08\x04\x04\x01\x05\x03\x08\x05\x05\x01\x08\x06\x06\x01", 18))
      .extension(0x0005, "x")
      .extension(0x0023, "")
      .extension(0x0012, "")
      .extension(0x002b, "\x06\x9a\x9a\x03\x04\x03\x03")
      .extension(0xff01, "x")
      .extension(0x000b, "x")
      .extension(0x000a, std::string("\x00\x02\x00\x1d", 4))
      .extension(0x0015, "x");
}

TEST(Ja4, matches_the_published_example) {
  const std::string bytes = chrome().text();
  EXPECT_EQ(ja4_of(*parse(bytes)).view(), "t13d1516h2_8daaf6152771_e5627efa2ab1");
  EXPECT_EQ(ja4_of(*parse(bytes), Carrier::kQuic).view(), "q13d1516h2_8daaf6152771_e5627efa2ab1");
}

TEST(Ja4, does_not_depend_on_the_order_of_suites_and_extensions) {
  const std::string a =
      HelloText().suites({0x1301, 0x1302}).extension(10, std::string("\x00\x02\x00\x1d", 4)).extension(23, "").text();
  const std::string b =
      HelloText().suites({0x1302, 0x1301}).extension(23, "").extension(10, std::string("\x00\x02\x00\x17", 4)).text();
  EXPECT_EQ(ja4_of(*parse(a)).view(), ja4_of(*parse(b)).view());
}

TEST(Ja4, writes_zeroes_for_what_is_missing) {
  EXPECT_EQ(ja4_of(*parse(HelloText().version(0x0302).suites({0x0a0a}).text())).view(),
            "t11i000000_000000000000_000000000000");
}

TEST(Ja4, shows_the_hexadecimal_ends_of_a_protocol_that_is_no_text) {
  const auto code = [](const std::string& protocol) {
    std::string list = std::string(1, static_cast<char>(protocol.size())) + protocol;
    list = std::string(1, '\0') + std::string(1, static_cast<char>(list.size())) + list;
    const std::string bytes = HelloText().suites({0x1301}).extension(16, list).text();
    return std::string(ja4_of(*parse(bytes)).view().substr(8, 2));
  };
  EXPECT_EQ(code("h2"), "h2");
  EXPECT_EQ(code("http/1.1"), "h1");
  EXPECT_EQ(code("h"), "hh");
  EXPECT_EQ(code("\xab"), "ab");
  EXPECT_EQ(code("\xab\xcd"), "ad");
  EXPECT_EQ(code("\x30\xab"), "3b");
  EXPECT_EQ(code("\x30\xab\xcd\x31"), "01");
}

TEST(Ja4, counts_to_ninety_nine) {
  HelloText hello;
  std::vector<std::uint16_t> suites;
  for (std::uint16_t i = 0; i < 120; ++i) suites.push_back(static_cast<std::uint16_t>(0xc100 + i));
  EXPECT_EQ(ja4_of(*parse(hello.suites(suites).text())).view().substr(0, 8), "t12i9900");
}

}  // namespace
}  // namespace gate::tls

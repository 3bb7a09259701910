#include "net/proxy_header.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "base/text.h"

namespace gate::net {
namespace {

using namespace std::string_literals;
using State = ProxyHeader::State;

ProxyHeader parse(std::string_view text) { return parse_proxy_header(base::as_bytes(text)); }
std::string client_of(std::string_view text) {
  const auto header = parse(text);
  return header.client ? header.client->to_string() : "(none)";
}

// Version 2: the byte of version and command, family and transport, then the content with its length.
std::string binary(char command, char family, std::string_view content) {
  std::string text = "\r\n\r\n\0\r\nQUIT\n"s;
  text += command;
  text += family;
  text += static_cast<char>(content.size() >> 8);
  text += static_cast<char>(content.size() & 0xff);
  return text.append(content);
}
const std::string kFour = "\xcb\x00\x71\x05\x0a\x00\x00\x01\xc3\xcb\x01\xbb"s;  // 203.0.113.5:50123 to 10.0.0.1:443

// An extension of version 2.
std::string extension(char type, std::string_view value) {
  std::string text(1, type);
  text += static_cast<char>(value.size() >> 8);
  text += static_cast<char>(value.size() & 0xff);
  return text.append(value);
}

http::ProxiedConnection connection(std::string_view client, std::string_view local) {
  return {base::Endpoint::parse(client).value(), base::Endpoint::parse(local).value()};
}

TEST(ProxyHeaderText, names_the_client) {
  const auto header = parse("PROXY TCP4 203.0.113.5 10.0.0.1 50123 443\r\nGET /");
  EXPECT_EQ(header.state, State::kWhole);
  EXPECT_EQ(header.bytes, 43U);
  EXPECT_EQ(header.client.value().to_string(), "203.0.113.5:50123");
  EXPECT_EQ(client_of("PROXY TCP6 2001:db8::5 ::1 0 65535\r\n"), "[2001:db8::5]:0");
  EXPECT_EQ(client_of("PROXY TCP6 ::ffff:203.0.113.5 ::1 1 2\r\n"), "203.0.113.5:1");
}

TEST(ProxyHeaderText, may_know_no_client) {
  for (const auto* text : {"PROXY UNKNOWN\r\n", "PROXY UNKNOWN ffff::1 what ever\r\n"}) {
    EXPECT_EQ(parse(text).state, State::kWhole) << text;
    EXPECT_EQ(client_of(text), "(none)");
  }
}

TEST(ProxyHeaderText, must_keep_to_its_grammar) {
  for (const auto* text :
       {"PROXY TCP4 203.0.113.5 10.0.0.1 50123 443 \r\n", "PROXY TCP4 203.0.113.5  10.0.0.1 50123 443\r\n",
        "PROXY TCP4 203.0.113.5 10.0.0.1 050123 443\r\n", "PROXY TCP4 203.0.113.5 10.0.0.1 50123 65536\r\n",
        "PROXY TCP4 203.0.113.5 10.0.0.1 50123\r\n", "PROXY TCP4 2001:db8::5 ::1 50123 443\r\n",
        "PROXY TCP6 203.0.113.5 10.0.0.1 50123 443\r\n", "PROXY TCP6 [2001:db8::5] ::1 50123 443\r\n",
        "PROXY TCP4 203.0.113.5 10.0.0.1 -1 443\r\n", "PROXY UDP4 203.0.113.5 10.0.0.1 50123 443\r\n",
        "PROXY tcp4 203.0.113.5 10.0.0.1 50123 443\r\n", "PROXY \r\n", "PROXY UNKNOWNS\r\n",
        "PROXY TCP4 203.0.113.5 10.0.0.1 50123 443\n\r\n", "proxy TCP4 203.0.113.5 10.0.0.1 50123 443\r\n",
        "GET / HTTP/1.1\r\n", "\x16\x03\x01", "\r\n\r\nX"}) {
    const auto header = parse(text);
    EXPECT_EQ(header.state, State::kMalformed) << text;
    EXPECT_FALSE(header.fault.empty());
  }
}

TEST(ProxyHeaderText, is_of_107_characters_at_most) {
  EXPECT_EQ(parse("PROXY UNKNOWN" + std::string(92, 'x').replace(0, 1, " ") + "\r\n").state, State::kWhole);
  EXPECT_EQ(parse("PROXY UNKNOWN" + std::string(93, 'x').replace(0, 1, " ") + "\r\n").state, State::kMalformed);
  EXPECT_EQ(parse("PROXY UNKNOWN " + std::string(92, 'x')).state, State::kIncomplete);
  EXPECT_EQ(parse("PROXY UNKNOWN " + std::string(93, 'x')).state, State::kMalformed);
}

TEST(ProxyHeaderBinary, names_the_client) {
  const auto header = parse(binary(0x21, 0x11, kFour) + "GET /");
  EXPECT_EQ(header.state, State::kWhole);
  EXPECT_EQ(header.bytes, 28U);
  EXPECT_EQ(header.client.value().to_string(), "203.0.113.5:50123");
  const std::string six =
      "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x05" + std::string(15, '\0') + "\x01\xc3\xcb\x01\xbb";
  EXPECT_EQ(client_of(binary(0x21, 0x21, six)), "[2001:db8::5]:50123");
}

TEST(ProxyHeaderBinary, may_know_no_client) {
  for (const auto& text : {binary(0x20, 0x00, ""), binary(0x20, 0x11, kFour), binary(0x20, 0x7f, "whatever"),
                           binary(0x21, 0x00, "whatever"), binary(0x21, 0x31, std::string(216, 'x'))}) {
    EXPECT_EQ(parse(text).state, State::kWhole);
    EXPECT_EQ(parse(text).bytes, text.size());
    EXPECT_EQ(client_of(text), "(none)");
  }
}

TEST(ProxyHeaderBinary, may_carry_extensions_that_fit) {
  const std::string more = extension(0x02, "example.com") + extension(0x04, "") + extension('\xea', "x");
  EXPECT_EQ(client_of(binary(0x21, 0x11, kFour + more)), "203.0.113.5:50123");
  for (const auto& rest : {"\x02"s, "\x02\x00"s, "\x02\x00\x01"s, "\x02\xff\xff"s + "x", more + "\x01"}) {
    EXPECT_EQ(parse(binary(0x21, 0x11, kFour + rest)).state, State::kMalformed);
  }
}

TEST(ProxyHeaderBinary, is_checked_where_it_carries_a_checksum) {
  // CRC32C over the header with the four bytes zero.
  const std::string good = "\x79\x8c\x6e\xe0"s;
  EXPECT_EQ(client_of(binary(0x21, 0x11, kFour + extension(0x03, good))), "203.0.113.5:50123");
  for (const auto& bad : {"\x79\x8c\x6e\xe1"s, "\0\0\0\0"s, "\x79\x8c\x6e"s, good + "x"}) {
    EXPECT_EQ(parse(binary(0x21, 0x11, kFour + extension(0x03, bad))).state, State::kMalformed);
  }
  EXPECT_EQ(parse(binary(0x21, 0x11, kFour + extension(0x03, good) + extension(0x03, good))).state, State::kMalformed);
}

TEST(ProxyHeaderBinary, must_keep_to_its_grammar) {
  for (const auto& text :
       {binary(0x11, 0x11, kFour), binary(0x22, 0x11, kFour), binary(0x2f, 0x11, kFour), binary(0x21, 0x12, kFour),
        binary(0x21, 0x22, std::string(36, 'x')), binary(0x21, 0x41, kFour), binary(0x21, 0x11, kFour.substr(1)),
        binary(0x21, 0x21, std::string(35, 'x')), binary(0x21, 0x31, std::string(215, 'x'))}) {
    EXPECT_EQ(parse(text).state, State::kMalformed);
  }
}

TEST(ProxyHeaderBinary, has_a_bound) {
  const std::string longest(kProxyHeaderBytesMax - 16, 'x');
  EXPECT_EQ(parse(binary(0x20, 0, longest)).state, State::kWhole);
  EXPECT_EQ(parse(binary(0x20, 0, longest + "x")).state, State::kMalformed);
  EXPECT_EQ(parse(binary(0x20, 0, longest + "x").substr(0, 16)).state, State::kMalformed) << "seen before it comes";
}

TEST(ProxyHeader, is_waited_for_byte_by_byte) {
  for (const auto& text :
       {"PROXY TCP4 203.0.113.5 10.0.0.1 50123 443\r\n"s, binary(0x21, 0x11, kFour + extension(4, ""))}) {
    for (std::size_t size = 0; size < text.size(); ++size) {
      EXPECT_EQ(parse(std::string_view(text).substr(0, size)).state, State::kIncomplete) << size;
    }
    EXPECT_EQ(parse(text).bytes, text.size());
  }
}

TEST(ProxyHeader, is_written_as_it_is_read) {
  for (const auto version : {ProxyProtocol::kV1, ProxyProtocol::kV2}) {
    for (const auto& [client, local] : {std::pair{"203.0.113.5:50123", "10.0.0.1:443"},
                                        {"[2001:db8::5]:50123", "[::1]:443"},
                                        {"203.0.113.5:0", "[::1]:443"},
                                        {"[2001:db8::5]:50123", "10.0.0.1:443"}}) {
      const auto text = proxy_header(version, connection(client, local));
      EXPECT_EQ(client_of(text), client);
      EXPECT_EQ(parse(text).bytes, text.size());
    }
    const auto own = proxy_header(version, std::nullopt);
    EXPECT_EQ(parse(own).state, State::kWhole);
    EXPECT_EQ(parse(own).bytes, own.size());
    EXPECT_EQ(client_of(own), "(none)");
  }
}

TEST(ProxyHeader, is_written_to_the_letter) {
  const auto four = connection("203.0.113.5:50123", "10.0.0.1:443");
  EXPECT_EQ(proxy_header(ProxyProtocol::kNone, four), "");
  EXPECT_EQ(proxy_header(ProxyProtocol::kV1, four), "PROXY TCP4 203.0.113.5 10.0.0.1 50123 443\r\n");
  EXPECT_EQ(proxy_header(ProxyProtocol::kV2, four), binary(0x21, 0x11, kFour));
  EXPECT_EQ(proxy_header(ProxyProtocol::kV1, connection("203.0.113.5:50123", "[::1]:443")),
            "PROXY TCP6 ::ffff:203.0.113.5 ::1 50123 443\r\n");
  EXPECT_EQ(proxy_header(ProxyProtocol::kV1, std::nullopt), "PROXY UNKNOWN\r\n");
  EXPECT_EQ(proxy_header(ProxyProtocol::kV2, std::nullopt), binary(0x20, 0x00, ""));
}

}  // namespace
}  // namespace gate::net

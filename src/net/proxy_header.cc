#include "net/proxy_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/text.h"

namespace gate::net {
namespace {

using State = ProxyHeader::State;

constexpr std::string_view kTextPrefix = "PROXY ";
constexpr std::string_view kBinarySignature{"\r\n\r\n\0\r\nQUIT\n", 12};

ProxyHeader malformed(std::string_view fault) {
  return {.state = State::kMalformed, .client = std::nullopt, .fault = fault};
}

// Whether `bytes` are the whole beginning, or could become it.
bool may_begin(base::ByteView bytes, std::string_view beginning) {
  const std::size_t common = std::min(bytes.size(), beginning.size());
  return base::as_text(bytes.first(common)) == beginning.substr(0, common);
}

enum class Family : std::uint8_t { kV4, kV6 };

// PROXY 2.1: addresses in their standard form, of the family that was named.
std::optional<base::IpAddress> parse_address(std::string_view text, Family family) {
  const bool has_colon = text.contains(':');
  if (text.starts_with('[') || has_colon != (family == Family::kV6)) return std::nullopt;
  return base::IpAddress::parse(text);
}

// PROXY 2.1: "without leading zeroes".
std::optional<std::uint16_t> parse_port(std::string_view text) {
  if (text.size() > 1 && text.starts_with('0')) return std::nullopt;
  return base::parse_number<std::uint16_t>(text);
}

// "192.0.2.1 192.0.2.2 50123 443": the first address and the first port are the client's.
std::optional<base::Endpoint> parse_text_addresses(std::string_view text, Family family) {
  const auto source = parse_address(base::split_off(text, ' '), family);
  const auto destination = parse_address(base::split_off(text, ' '), family);
  const auto source_port = parse_port(base::split_off(text, ' '));
  const auto destination_port = parse_port(text);  // to the end: a further word would not be a number
  if (!source || !destination || !source_port || !destination_port) return std::nullopt;
  return base::Endpoint{*source, *source_port};
}

// PROXY 2.1, version 1: one line of text, at most 107 characters.
ProxyHeader parse_text(base::ByteView bytes) {
  constexpr std::size_t kLineMax = 107;
  const std::string_view text = base::as_text(bytes.first(std::min(bytes.size(), kLineMax)));
  const auto end = text.find("\r\n");
  if (end == std::string_view::npos) {
    return bytes.size() < kLineMax ? ProxyHeader{} : malformed("a line that does not end");
  }
  ProxyHeader header{.state = State::kWhole, .bytes = end + 2, .client = std::nullopt};
  std::string_view rest = text.substr(kTextPrefix.size(), end - kTextPrefix.size());
  const std::string_view protocol = base::split_off(rest, ' ');
  // PROXY 2.1: "the receiver must ignore anything presented before the CRLF is found".
  if (protocol == "UNKNOWN") return header;
  if (protocol != "TCP4" && protocol != "TCP6") return malformed("a protocol that is none of TCP4, TCP6 and UNKNOWN");
  header.client = parse_text_addresses(rest, protocol == "TCP4" ? Family::kV4 : Family::kV6);
  return header.client ? header : malformed("addresses or ports that are none");
}

// RFC 3720 B.4, the polynomial of CRC32C, reversed.
constexpr std::array<std::uint32_t, 256> make_crc_table() {
  constexpr std::uint32_t kPolynomial = 0x82f6'3b78;
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value & 1) != 0 ? value >> 1 ^ kPolynomial : value >> 1;
    table[i] = value;
  }
  return table;
}
constexpr auto kCrcTable = make_crc_table();

class Crc32c {
 public:
  void add(base::ByteView bytes) {
    for (const std::byte each : bytes) {
      value_ = kCrcTable[(value_ ^ std::to_integer<std::uint32_t>(each)) & 0xff] ^ value_ >> 8;
    }
  }
  std::uint32_t value() const { return ~value_; }

 private:
  std::uint32_t value_ = 0xffff'ffff;
};

// PROXY 2.2.3: over the whole header, "with the value of the CRC32c field... replaced by zero".
bool checksum_holds(base::ByteView header, base::ByteView field) {
  const auto before = static_cast<std::size_t>(field.data() - header.data());
  Crc32c crc;
  crc.add(header.first(before));
  crc.add(std::array<std::byte, 4>{});
  crc.add(header.subspan(before + field.size()));
  return base::ByteReader(field).u32() == crc.value();
}

// PROXY 2.2: type, length, value, repeated to the header's end. None is used but the checksum.
std::string_view fault_in_extensions(base::ByteView header, base::ByteView extensions) {
  constexpr std::uint8_t kCrc32c = 0x03;
  base::ByteReader reader(extensions);
  while (!reader.empty()) {
    const auto type = reader.u8();
    const auto value = reader.vector16();
    if (!type || !value) return "an extension that is longer than the header";
    if (*type != kCrc32c) continue;
    if (value->size() != 4) return "a checksum that is none";
    if (!checksum_holds(header, *value)) return "a checksum that does not hold";
  }
  return {};
}

std::optional<base::IpAddress> read_address(base::ByteReader& reader, Family family) {
  if (family == Family::kV4) {
    std::array<std::uint8_t, 4> octets{};
    const auto bytes = reader.bytes(octets.size());
    if (!bytes) return std::nullopt;
    base::copy_bytes(std::as_writable_bytes(std::span(octets)), *bytes);
    return base::IpAddress::v4(octets);
  }
  std::array<std::uint8_t, 16> octets{};
  const auto bytes = reader.bytes(octets.size());
  if (!bytes) return std::nullopt;
  base::copy_bytes(std::as_writable_bytes(std::span(octets)), *bytes);
  return base::IpAddress::v6(octets);
}

// PROXY 2.2: both addresses, then both ports; the client's first.
std::optional<base::Endpoint> read_binary_addresses(base::ByteReader& reader, Family family) {
  const auto source = read_address(reader, family);
  const auto destination = read_address(reader, family);
  const auto source_port = reader.u16();
  const auto destination_port = reader.u16();
  if (!source || !destination || !source_port || !destination_port) return std::nullopt;
  return base::Endpoint{*source, *source_port};
}

enum : std::uint8_t {
  kLocal = 0x20,  // version 2 and the command
  kProxy = 0x21,
  kUnspecified = 0x00,  // family and transport
  kTcp4 = 0x11,
  kTcp6 = 0x21,
  kUnixStream = 0x31,
};

// The command "proxy": addresses of the family, then extensions.
ProxyHeader parse_proxied(base::ByteView bytes, std::uint8_t family, base::ByteView content) {
  constexpr std::size_t kUnixAddresses = 2 * 108;
  ProxyHeader header{.state = State::kWhole, .bytes = bytes.size(), .client = std::nullopt};
  base::ByteReader reader(content);
  switch (family) {
    case kUnspecified: return header;  // nothing is known of what follows
    case kTcp4: header.client = read_binary_addresses(reader, Family::kV4); break;
    case kTcp6: header.client = read_binary_addresses(reader, Family::kV6); break;
    case kUnixStream:
      if (!reader.bytes(kUnixAddresses)) return malformed("addresses that are cut off");
      break;
    default: return malformed("a family or transport that no TCP connection has");
  }
  if (!header.client && family != kUnixStream) return malformed("addresses that are cut off");
  const std::string_view fault = fault_in_extensions(bytes, reader.rest());
  return fault.empty() ? header : malformed(fault);
}

// PROXY 2.2, version 2: signature, version and command, family and transport, length, then as much.
ProxyHeader parse_binary(base::ByteView bytes) {
  base::ByteReader reader(bytes.subspan(kBinarySignature.size()));
  const auto version_and_command = reader.u8();
  const auto family = reader.u8();
  const auto length = reader.u16();
  if (version_and_command && *version_and_command != kLocal && *version_and_command != kProxy) {
    return malformed("a version or command that there is not");
  }
  if (!length) return {};
  const std::size_t whole = bytes.size() - reader.size() + *length;
  if (whole > kProxyHeaderBytesMax) return malformed("it is too long");
  if (bytes.size() < whole) return {};
  // PROXY 2.2: of LOCAL the receiver must "discard the protocol block including the family which is ignored".
  if (*version_and_command == kLocal) return {.state = State::kWhole, .bytes = whole, .client = std::nullopt};
  return parse_proxied(bytes.first(whole), *family, reader.rest().first(*length));
}

std::string text_header(const std::optional<http::ProxiedConnection>& connection) {
  if (!connection) return "PROXY UNKNOWN\r\n";
  const auto& [client, local] = *connection;
  const bool four = client.address.is_v4() && local.address.is_v4();
  // Of two families the IPv4 address is written as an IPv6 one, "::ffff:192.0.2.1".
  const auto written = [four](const base::IpAddress& address) {
    return !four && address.is_v4() ? "::ffff:" + address.to_string() : address.to_string();
  };
  return fmt::format("PROXY {} {} {} {} {}\r\n", four ? "TCP4" : "TCP6", written(client.address),
                     written(local.address), client.port, local.port);
}

void append_u16(std::string& text, std::size_t value) {
  text += static_cast<char>(value >> 8);
  text += static_cast<char>(value & 0xff);
}

void append_address(std::string& text, const base::IpAddress& address, bool four) {
  const auto octets = address.octets();
  text += base::as_text(std::as_bytes(four ? std::span<const std::uint8_t>(octets).last(4) : octets));
}

std::string binary_header(const std::optional<http::ProxiedConnection>& connection) {
  std::string text(kBinarySignature);
  if (!connection) {
    text += static_cast<char>(kLocal);
    text += static_cast<char>(kUnspecified);
    append_u16(text, 0);
    return text;
  }
  const auto& [client, local] = *connection;
  const bool four = client.address.is_v4() && local.address.is_v4();
  text += static_cast<char>(kProxy);
  text += static_cast<char>(four ? kTcp4 : kTcp6);
  append_u16(text, four ? 12 : 36);
  append_address(text, client.address, four);
  append_address(text, local.address, four);
  append_u16(text, client.port);
  append_u16(text, local.port);
  return text;
}

}  // namespace

ProxyHeader parse_proxy_header(base::ByteView bytes) {
  if (may_begin(bytes, kTextPrefix)) return bytes.size() < kTextPrefix.size() ? ProxyHeader{} : parse_text(bytes);
  if (!may_begin(bytes, kBinarySignature)) return malformed("it does not begin as one");
  return bytes.size() < kBinarySignature.size() ? ProxyHeader{} : parse_binary(bytes);
}

std::string proxy_header(ProxyProtocol version, const std::optional<http::ProxiedConnection>& connection) {
  switch (version) {
    case ProxyProtocol::kNone: return {};
    case ProxyProtocol::kV1: return text_header(connection);
    case ProxyProtocol::kV2: return binary_header(connection);
  }
  return {};
}

}  // namespace gate::net

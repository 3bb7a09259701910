#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "tls/facts.h"

namespace gate::tls {

// A ClientHello (RFC 8446 4.1.2, RFC 5246 7.4.1.2) as views into its bytes; nothing is copied. Lists are views of
// whole, big-endian 16-bit elements. Extensions a client left out are empty.
struct ClientHello {
  std::uint16_t legacy_version = 0;
  base::ByteView suites;
  base::ByteView extensions;  // type, length, content, repeated; checked to be well-formed

  std::string_view server_name;
  base::ByteView supported_versions;
  base::ByteView groups;
  base::ByteView signatures;
  base::ByteView key_shares;      // group, length, key, repeated; checked to be well-formed
  base::ByteView alpn_protocols;  // length, name, repeated; checked to be well-formed
  bool has_server_name = false;
  bool extended_master_secret = false;

  // The highest version the client offers that is not GREASE.
  std::uint16_t version_max() const;

  bool offers_version(std::uint16_t version) const;
  bool offers_suite(std::uint16_t suite) const;
  bool offers_group(std::uint16_t group) const;
  bool offers_signature(std::uint16_t signature) const;
  bool has_key_share(std::uint16_t group) const;
};

// Parses the message's body (without the four bytes of handshake header). Nothing for anything malformed: lengths that
// do not add up, odd lists, an extension twice (RFC 8446 4.2), a name with a NUL or longer than 255.
std::optional<ClientHello> parse_client_hello(base::ByteView body);

// RFC 8701: values that mean nothing and keep servers from choking on unknown ones.
constexpr bool is_grease(std::uint16_t value) { return (value & 0x0f0f) == 0x0a0a && (value >> 8) == (value & 0xff); }

// What carries a handshake.
enum class Carrier : std::uint8_t { kTcp, kQuic };

// JA4 (FoxIO, technical_details/JA4.md).
Ja4 ja4_of(const ClientHello& hello, Carrier carrier = Carrier::kTcp);

}  // namespace gate::tls

#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace gate::tls {

struct ClientCertificate;

// kAcmeTls proves a name to a certificate authority and carries nothing else (RFC 8737).
enum class Alpn : std::uint8_t { kNone, kHttp11, kHttp2, kHttp3, kAcmeTls };

// "h2", "http/1.1", "h3", "acme-tls/1", "".
std::string_view to_string(Alpn alpn);

// A JA4 fingerprint: "t13d1516h2_8daaf6152771_e5627efa2ab1", with a q in front for QUIC. Empty until a ClientHello was
// read.
struct Ja4 {
  static constexpr std::size_t kSize = 36;
  std::array<char, kSize> text{};

  std::string_view view() const { return {text.data(), text[0] == '\0' ? 0 : kSize}; }
};

// What is known of a connection's handshake, as far as it got. Numbers are those of the IANA registries; zero means
// not negotiated. Kept for the connection's life, so it is small.
struct Facts {
  std::string server_name;  // asked for by SNI, lower case; empty when the client sent none
  Ja4 ja4;
  base::Duration duration{};   // first byte to the end of the handshake
  std::uint64_t bytes_in = 0;  // TLS bytes of the whole connection so far
  std::uint64_t bytes_out = 0;
  std::uint64_t client_demand = 0;                  // the fingerprint of what the site demands of clients; 0: nothing
  std::shared_ptr<const ClientCertificate> client;  // what the client has proved itself with; null: with nothing
  std::uint32_t site = 0;                           // position of the site in ServerSettings::sites
  std::uint16_t version = 0;                        // 0x0303, 0x0304
  std::uint16_t suite = 0;
  std::uint16_t group = 0;
  std::uint16_t signature = 0;  // signature scheme of the server's proof; zero when resumed
  Alpn alpn = Alpn::kNone;
  bool resumed = false;
  bool ech = false;  // the name was asked for encrypted (RFC 9849)
};

// Names as the registries spell them: "TLSv1.3", "TLS_AES_128_GCM_SHA256", "X25519MLKEM768",
// "ecdsa_secp256r1_sha256". An unknown number comes back as "0x1a2b".
std::string version_name(std::uint16_t version);
std::string suite_name(std::uint16_t suite);
std::string group_name(std::uint16_t group);
std::string signature_name(std::uint16_t signature);

}  // namespace gate::tls

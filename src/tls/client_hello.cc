#include "tls/client_hello.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/text.h"

namespace gate::tls {

namespace {

constexpr std::size_t kExtensionsMax = 128;  // clients send about twenty; bounds the search for duplicates
constexpr std::size_t kSessionIdMax = 32;    // RFC 8446 4.1.2
constexpr std::size_t kNameMax = 255;        // RFC 1035 2.3.4

enum Extension : std::uint16_t {
  kServerName = 0,
  kSupportedGroups = 10,
  kSignatureAlgorithms = 13,
  kAlpn = 16,
  kExtendedMasterSecret = 23,
  kSupportedVersions = 43,
  kKeyShare = 51,
};

bool contains(base::ByteView list, std::uint16_t value) {
  base::ByteReader reader(list);
  while (const auto each = reader.u16()) {
    if (*each == value) return true;
  }
  return false;
}

// The one vector a whole extension consists of, made of 16-bit elements and not empty.
std::optional<base::ByteView> list_of_u16(std::optional<base::ByteView> list, const base::ByteReader& rest) {
  if (!list || !rest.empty() || list->empty() || list->size() % 2 != 0) return std::nullopt;
  return list;
}

// RFC 6066 3: a list of names of which only host_name, once, was ever defined.
bool read_server_name(ClientHello& hello, base::ByteReader content) {
  const auto list = content.vector16();
  if (!list || !content.empty()) return false;
  base::ByteReader names(*list);
  const auto type = names.u8();
  const auto name = names.vector16();
  if (type != 0 || !name || name->empty() || name->size() > kNameMax || !names.empty()) return false;
  hello.server_name = base::as_text(*name);
  return hello.server_name.find('\0') == std::string_view::npos;
}

bool read_key_shares(ClientHello& hello, base::ByteReader content) {
  const auto list = content.vector16();
  if (!list || !content.empty()) return false;
  hello.key_shares = *list;
  base::ByteReader shares(*list);
  while (!shares.empty()) {
    const auto group = shares.u16();
    const auto key = shares.vector16();
    if (!group || !key || key->empty()) return false;
  }
  return true;
}

bool read_alpn(ClientHello& hello, base::ByteReader content) {
  const auto list = content.vector16();
  if (!list || !content.empty() || list->empty()) return false;
  hello.alpn_protocols = *list;
  base::ByteReader protocols(*list);
  while (!protocols.empty()) {
    const auto name = protocols.vector8();
    if (!name || name->empty()) return false;
  }
  return true;
}

bool read_list(base::ByteView& into, std::optional<base::ByteView> list) {
  if (list) into = *list;
  return list.has_value();
}

bool read_extension(ClientHello& hello, std::uint16_t type, base::ByteView content) {
  base::ByteReader reader(content);
  switch (type) {
    case kServerName: hello.has_server_name = true; return read_server_name(hello, reader);
    case kAlpn: return read_alpn(hello, reader);
    case kKeyShare: return read_key_shares(hello, reader);
    case kExtendedMasterSecret: hello.extended_master_secret = true; return content.empty();
    case kSupportedVersions: {
      const auto list = reader.vector8();
      return read_list(hello.supported_versions, list_of_u16(list, reader));
    }
    case kSupportedGroups: {
      const auto list = reader.vector16();
      return read_list(hello.groups, list_of_u16(list, reader));
    }
    case kSignatureAlgorithms: {
      const auto list = reader.vector16();
      return read_list(hello.signatures, list_of_u16(list, reader));
    }
    default: return true;
  }
}

bool read_extensions(ClientHello& hello) {
  std::array<std::uint16_t, kExtensionsMax> types;
  std::size_t count = 0;
  base::ByteReader reader(hello.extensions);
  while (!reader.empty()) {
    const auto type = reader.u16();
    const auto content = reader.vector16();
    if (!type || !content || count == types.size()) return false;
    types[count++] = *type;
    if (!read_extension(hello, *type, *content)) return false;
  }
  std::sort(types.begin(), types.begin() + count);
  // RFC 8446 4.2: "There MUST NOT be more than one extension of the same type in a given extension block."
  return std::adjacent_find(types.begin(), types.begin() + count) == types.begin() + count;
}

}  // namespace

std::uint16_t ClientHello::version_max() const {
  if (supported_versions.empty()) return legacy_version;
  std::uint16_t highest = 0;
  base::ByteReader reader(supported_versions);
  while (const auto version = reader.u16()) {
    if (!is_grease(*version)) highest = std::max(highest, *version);
  }
  return highest;
}

bool ClientHello::offers_version(std::uint16_t version) const {
  return supported_versions.empty() ? legacy_version >= version && version <= 0x0303
                                    : contains(supported_versions, version);
}

bool ClientHello::offers_suite(std::uint16_t suite) const { return contains(suites, suite); }
bool ClientHello::offers_group(std::uint16_t group) const { return contains(groups, group); }
bool ClientHello::offers_signature(std::uint16_t signature) const { return contains(signatures, signature); }

bool ClientHello::has_key_share(std::uint16_t group) const {
  base::ByteReader reader(key_shares);
  while (const auto each = reader.u16()) {
    if (*each == group) return true;
    if (!reader.vector16()) return false;
  }
  return false;
}

std::optional<ClientHello> parse_client_hello(base::ByteView body) {
  constexpr std::size_t kRandomSize = 32;
  ClientHello hello;
  base::ByteReader reader(body);
  const auto version = reader.u16();
  const auto random = reader.bytes(kRandomSize);
  const auto session_id = reader.vector8();
  const auto suites = reader.vector16();
  const auto compressions = reader.vector8();
  if (!version || !random || !session_id || !suites || !compressions) return std::nullopt;
  if (session_id->size() > kSessionIdMax || suites->empty() || suites->size() % 2 != 0 || compressions->empty()) {
    return std::nullopt;
  }
  hello.legacy_version = *version;
  hello.suites = *suites;
  if (reader.empty()) return hello;  // RFC 5246 7.4.1.2: extensions may be missing altogether
  const auto extensions = reader.vector16();
  if (!extensions || !reader.empty()) return std::nullopt;
  hello.extensions = *extensions;
  if (!read_extensions(hello)) return std::nullopt;
  return hello;
}

}  // namespace gate::tls

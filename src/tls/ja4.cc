#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "base/bytes.h"
#include "base/text.h"
#include "cert/native.h"
#include "tls/client_hello.h"

namespace gate::tls {

namespace {

constexpr std::size_t kHashed = 12;        // hexadecimal digits kept of a SHA-256
constexpr std::size_t kElementsMax = 512;  // what is beyond is left out; no real client comes near
constexpr std::string_view kNothing = "000000000000";
constexpr std::string_view kDigits = "0123456789abcdef";

using Elements = std::array<std::uint16_t, kElementsMax>;

struct List {
  Elements elements;
  std::size_t count = 0;

  void add(std::uint16_t value) {
    if (count < elements.size() && !is_grease(value)) elements[count++] = value;
  }
  void sort() { std::sort(elements.begin(), elements.begin() + count); }
};

List list_of(base::ByteView bytes) {
  List list;
  base::ByteReader reader(bytes);
  while (const auto value = reader.u16()) list.add(*value);
  return list;
}

// Comma-separated four-digit numbers, hashed as they are written.
class NumberHash {
 public:
  NumberHash() { SHA256_Init(&state_); }

  void separator(char c) {
    flush_if_full();
    pending_[used_++] = c;
  }

  void numbers(const List& list) {
    for (std::size_t i = 0; i < list.count; ++i) {
      if (i > 0) separator(',');
      for (int shift = 12; shift >= 0; shift -= 4) separator(kDigits[list.elements[i] >> shift & 0xf]);
    }
  }

  // Writes the first twelve digits of the hash at `out`.
  void finish(char* out) {
    flush();
    std::array<std::byte, SHA256_DIGEST_LENGTH> digest{};
    SHA256_Final(cert::native_data(std::span<std::byte>(digest)), &state_);
    for (std::size_t i = 0; i < kHashed / 2; ++i) {
      *out++ = kDigits[std::to_integer<unsigned>(digest[i] >> 4)];
      *out++ = kDigits[std::to_integer<unsigned>(digest[i] & std::byte{0xf})];
    }
  }

 private:
  void flush_if_full() {
    if (used_ == pending_.size()) flush();
  }
  void flush() {
    SHA256_Update(&state_, pending_.data(), used_);
    used_ = 0;
  }

  SHA256_CTX state_;
  std::array<char, 256> pending_;
  std::size_t used_ = 0;
};

std::string_view version_code(std::uint16_t version) {
  switch (version) {
    case 0x0304: return "13";
    case 0x0303: return "12";
    case 0x0302: return "11";
    case 0x0301: return "10";
    case 0x0300: return "s3";
    case 0x0002: return "s2";
    default: return "00";
  }
}

// The first and last character of the first protocol; of its hexadecimal form where either is not alphanumeric.
std::array<char, 2> alpn_code(base::ByteView protocols) {
  base::ByteReader reader(protocols);
  const auto first = reader.vector8();
  if (!first || first->empty()) return {'0', '0'};
  const auto name = base::as_text(*first);
  const auto is_plain = [](char c) { return base::is_alpha(c) || base::is_digit(c); };
  if (is_plain(name.front()) && is_plain(name.back())) return {name.front(), name.back()};
  return {kDigits[std::to_integer<unsigned>(first->front() >> 4)],
          kDigits[std::to_integer<unsigned>(first->back() & std::byte{0xf})]};
}

List extension_types(base::ByteView extensions) {
  List list;
  base::ByteReader reader(extensions);
  while (const auto type = reader.u16()) {
    list.add(*type);
    if (!reader.vector16()) break;
  }
  return list;
}

void write_count(char* out, std::size_t count) {
  const std::size_t shown = std::min<std::size_t>(count, 99);
  out[0] = kDigits[shown / 10];
  out[1] = kDigits[shown % 10];
}

void write_suites(char* out, List suites) {
  if (suites.count == 0) {
    std::copy(kNothing.begin(), kNothing.end(), out);
    return;
  }
  suites.sort();
  NumberHash hash;
  hash.numbers(suites);
  hash.finish(out);
}

// Extensions in order of number without SNI and ALPN, then the signature schemes in the client's order.
void write_extensions(char* out, const List& types, base::ByteView signatures) {
  List hashed;
  for (std::size_t i = 0; i < types.count; ++i) {
    if (types.elements[i] != 0x0000 && types.elements[i] != 0x0010) hashed.add(types.elements[i]);
  }
  if (hashed.count == 0) {
    std::copy(kNothing.begin(), kNothing.end(), out);
    return;
  }
  hashed.sort();
  NumberHash hash;
  hash.numbers(hashed);
  const List schemes = list_of(signatures);
  if (schemes.count > 0) {
    hash.separator('_');
    hash.numbers(schemes);
  }
  hash.finish(out);
}

}  // namespace

Ja4 ja4_of(const ClientHello& hello, Carrier carrier) {
  const List suites = list_of(hello.suites);
  const List types = extension_types(hello.extensions);
  Ja4 ja4;
  char* out = ja4.text.data();
  *out++ = carrier == Carrier::kQuic ? 'q' : 't';
  out = std::ranges::copy(version_code(hello.version_max()), out).out;
  *out++ = hello.has_server_name ? 'd' : 'i';
  write_count(out, suites.count);
  write_count(out + 2, types.count);
  out += 4;
  out = std::copy_n(alpn_code(hello.alpn_protocols).data(), 2, out);
  *out++ = '_';
  write_suites(out, suites);
  out += kHashed;
  *out++ = '_';
  write_extensions(out, types, hello.signatures);
  return ja4;
}

}  // namespace gate::tls

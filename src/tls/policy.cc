#include "tls/policy.h"

#include <fmt/format.h>
#include <openssl/ssl.h>

#include <span>
#include <vector>

#include "base/check.h"
#include "tls/ticket_keys.h"

namespace gate::tls {

namespace {

std::string titled(std::string_view title, std::span<const std::string> lines) {
  std::string text = fmt::format("{}\n", title);
  for (const auto& line : lines) text += fmt::format("  {}\n", line);
  return text;
}

std::string names(std::string_view title, std::span<const std::uint16_t> numbers, std::string (*name)(std::uint16_t)) {
  std::vector<std::string> lines;
  for (const std::uint16_t number : numbers) lines.push_back(name(number));
  return titled(title, lines);
}

// The suites of one version as the library has understood the lists, so that the text cannot differ from the deed.
std::string suites(std::string_view title, const SSL_CTX* ctx, std::uint16_t version) {
  const auto* list = SSL_CTX_get_ciphers(ctx);
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < sk_SSL_CIPHER_num(list); ++i) {
    const SSL_CIPHER* suite = sk_SSL_CIPHER_value(list, i);
    if (SSL_CIPHER_get_min_version(suite) == version) lines.emplace_back(SSL_CIPHER_standard_name(suite));
  }
  return titled(title, lines);
}

}  // namespace

std::string expand(const Policy& policy) {
  bssl::UniquePtr<SSL_CTX> ctx(SSL_CTX_new(TLS_with_buffers_method()));
  GATE_CHECK(ctx && SSL_CTX_set_ciphersuites(ctx.get(), kSuites13All) &&
             SSL_CTX_set_strict_cipher_list(ctx.get(), kSuites12));
  const bool with_12 = policy.version_min <= kTls12;
  std::string text = names("versions", with_12 ? std::vector{kTls13, kTls12} : std::vector{kTls13}, version_name);
  text += suites("suites, TLSv1.3", ctx.get(), kTls13);
  if (with_12) text += suites("suites, TLSv1.2", ctx.get(), kTls12);
  text += titled("suite order",
                 std::vector<std::string>{"the server's, but ChaCha20-Poly1305 for a client that puts it first"});
  text += names("groups", kGroups, group_name);
  text += titled("group order",
                 std::vector<std::string>{"the server's, among the groups a TLSv1.3 client sent a key share for"});
  text += names("signatures, ECDSA certificate", kEcdsaSchemes, signature_name);
  text += names("signatures, RSA certificate", kRsaSchemes, signature_name);
  text += policy.http2 ? "protocols\n  h2\n  http/1.1\n" : "protocols\n  http/1.1\n";
  text += fmt::format("tickets\n  one a handshake, {} hours, keys rotate every {} hours\n",
                      TicketKeys::kTicketLifetime.count(), TicketKeys::kRotation.count());
  if (with_12) text += "  TLSv1.2: only with extended master secret\n";
  return text + "off\n  compression\n  renegotiation\n  early data\n  session cache\n";
}

}  // namespace gate::tls

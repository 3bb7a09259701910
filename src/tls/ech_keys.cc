#include "tls/ech_keys.h"

#include <openssl/base64.h>
#include <openssl/hpke.h>
#include <openssl/mem.h>
#include <openssl/rand.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "cert/native.h"
#include "tls/codes.h"
#include "tls/ech_native.h"

namespace gate::tls {

namespace {

using cert::native_bytes;
using cert::native_data;

// Clients pad names to this, so that their length tells nothing.
constexpr std::size_t kNameLength = 64;

// RFC 9849 4: "config_id" tells which key a client has used. One that is in use makes the library try both.
std::uint8_t fresh_id(std::span<const EchKeys::Key> keys) {
  constexpr std::size_t kIdAt = 4;  // ECHConfig: version, length, config_id
  for (;;) {
    std::uint8_t id = 0;
    RAND_bytes(&id, 1);
    const auto uses = [id](const EchKeys::Key& key) { return key.config[kIdAt] == std::byte{id}; };
    if (std::ranges::none_of(keys, uses)) return id;
  }
}

}  // namespace

EchKeys EchKeys::generate(const std::string& outer_name, base::WallTime now) {
  EchKeys keys(outer_name);
  keys.add_fresh(now);
  return keys;
}

base::Result<EchKeys> EchKeys::restore(std::string outer_name, std::vector<Key> kept) {
  EchKeys keys(std::move(outer_name));
  keys.keys_ = std::move(kept);
  if (!keys.keys_.empty() && native_ech_keys(keys) != nullptr) return keys;
  return base::fail({.code = kBadEchKeys,
                     .side = base::Side::kSystem,
                     .what = "the keys of Encrypted Client Hello are of no use",
                     .why = keys.keys_.empty() ? "there is none" : cert::last_library_reason()});
}

EchKeys::~EchKeys() {
  for (Key& key : keys_) OPENSSL_cleanse(key.secret.data(), key.secret.size());
}

EchKeys EchKeys::rotated(base::WallTime now) const {
  EchKeys next(*this);
  next.add_fresh(now);
  while (next.keys_.size() > kKeysMax) {
    OPENSSL_cleanse(next.keys_.back().secret.data(), next.keys_.back().secret.size());
    next.keys_.pop_back();
  }
  return next;
}

void EchKeys::add_fresh(base::WallTime now) {
  bssl::ScopedEVP_HPKE_KEY native;
  GATE_CHECK(EVP_HPKE_KEY_generate(native.get(), EVP_hpke_x25519_hkdf_sha256()));
  std::uint8_t* config = nullptr;
  std::size_t config_size = 0;
  GATE_CHECK(
      SSL_marshal_ech_config(&config, &config_size, fresh_id(keys_), native.get(), outer_name_.c_str(), kNameLength));
  Key key{.made = now};
  const auto bytes = native_bytes(config, config_size);
  key.config.assign(bytes.begin(), bytes.end());
  OPENSSL_free(config);
  std::size_t secret_size = 0;
  GATE_CHECK(EVP_HPKE_KEY_private_key(native.get(), native_data(std::span<std::byte>(key.secret)), &secret_size,
                                      key.secret.size()) &&
             secret_size == key.secret.size());
  keys_.insert(keys_.begin(), std::move(key));
}

// With its length in front.
std::string EchKeys::config_list() const {
  const auto& config = keys_.front().config;
  std::string list{static_cast<char>(config.size() >> 8), static_cast<char>(config.size() & 0xff)};
  list += base::as_text(base::ByteView(config));
  return list;
}

std::string EchKeys::published() const {
  const std::string list = config_list();
  std::string text(4 * ((list.size() + 2) / 3) + 1, '\0');  // the library puts a NUL behind
  EVP_EncodeBlock(native_data(std::as_writable_bytes(std::span(text))), native_data(base::as_bytes(list)), list.size());
  text.pop_back();
  return text;
}

bssl::UniquePtr<SSL_ECH_KEYS> native_ech_keys(const EchKeys& keys) {
  bssl::UniquePtr<SSL_ECH_KEYS> native(SSL_ECH_KEYS_new());
  GATE_CHECK(native != nullptr);
  for (const EchKeys::Key& key : keys.keys()) {
    bssl::ScopedEVP_HPKE_KEY secret;
    const bool is_newest = &key == &keys.keys().front();
    if (!EVP_HPKE_KEY_init(secret.get(), EVP_hpke_x25519_hkdf_sha256(), native_data(base::ByteView(key.secret)),
                           key.secret.size()) ||
        !SSL_ECH_KEYS_add(native.get(), is_newest, native_data(base::ByteView(key.config)), key.config.size(),
                          secret.get())) {
      return nullptr;
    }
  }
  return native;
}

}  // namespace gate::tls

#include "tls/ticket_sealer.h"

#include <openssl/err.h>
#include <openssl/rand.h>

#include <algorithm>

#include "base/check.h"
#include "cert/native.h"

namespace gate::tls {

using cert::native_data;

TicketSealer::TicketSealer(const TicketKeys& keys) {
  for (const TicketKeys::Key& key : keys.keys()) {
    bssl::UniquePtr<EVP_AEAD_CTX> aead(
        EVP_AEAD_CTX_new(EVP_aead_aes_256_gcm(), native_data(key.secret), key.secret.size(), kTagSize));
    GATE_CHECK(aead != nullptr);
    keys_.push_back({key.name, std::move(aead)});
  }
}

std::optional<std::size_t> TicketSealer::seal(std::span<std::byte> out, base::ByteView state) const {
  if (out.size() < state.size() + kOverhead) return std::nullopt;
  const Key& key = keys_.front();
  const auto nonce = out.subspan(kNameSize, kNonceSize);
  const auto sealed = out.subspan(kNameSize + kNonceSize);
  base::copy_bytes(out, key.name);
  RAND_bytes(native_data(nonce), nonce.size());
  std::size_t size = 0;
  if (!EVP_AEAD_CTX_seal(key.aead.get(), native_data(sealed), &size, sealed.size(), native_data(nonce), nonce.size(),
                         native_data(state), state.size(), nullptr, 0)) {
    return std::nullopt;
  }
  return kNameSize + kNonceSize + size;
}

std::optional<std::size_t> TicketSealer::open(std::span<std::byte> out, base::ByteView ticket) const {
  base::ByteReader reader(ticket);
  const auto name = reader.bytes(kNameSize);
  const auto nonce = reader.bytes(kNonceSize);
  if (!name || !nonce) return std::nullopt;
  const auto key =
      std::find_if(keys_.begin(), keys_.end(), [&](const Key& each) { return std::ranges::equal(each.name, *name); });
  if (key == keys_.end()) return std::nullopt;
  std::size_t size = 0;
  if (!EVP_AEAD_CTX_open(key->aead.get(), native_data(out), &size, out.size(), native_data(*nonce), nonce->size(),
                         native_data(reader.rest()), reader.size(), nullptr, 0)) {
    ERR_clear_error();
    return std::nullopt;
  }
  return size;
}

}  // namespace gate::tls

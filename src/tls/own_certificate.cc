#include "tls/own_certificate.h"

#include <vector>

#include "base/check.h"
#include "cert/native.h"

namespace gate::tls {

bool use_credential(SSL_CTX* ctx, const cert::Credential& credential, CRYPTO_BUFFER_POOL* pool) {
  std::vector<bssl::UniquePtr<CRYPTO_BUFFER>> owned;
  std::vector<CRYPTO_BUFFER*> chain;
  for (const auto& certificate : credential.chain) {
    const auto der = certificate.der();
    owned.emplace_back(CRYPTO_BUFFER_new(cert::native_data(der), der.size(), pool));
    GATE_CHECK(owned.back() != nullptr);
    chain.push_back(owned.back().get());
  }
  const cert::PrivateKey key = credential.key.clone();
  return SSL_CTX_set_chain_and_key(ctx, chain.data(), chain.size(), key.native(), nullptr) == 1;
}

}  // namespace gate::tls

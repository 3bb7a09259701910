#include "feature/acme_server/nonces.h"

#include <array>

#include "jose/base64url.h"

namespace gate::acme_server {

std::string Nonces::issue() {
  std::string nonce = random_name(random_);
  good_.insert(nonce);
  order_.push_back(nonce);
  if (order_.size() > kMax) {
    good_.erase(order_.front());
    order_.pop_front();
  }
  return nonce;
}

std::string random_name(base::Random& random) {
  std::array<std::byte, 16> bytes{};  // RFC 8555 8.1 wants 128 bits in tokens
  random.fill(bytes);
  return jose::to_base64url(bytes);
}

}  // namespace gate::acme_server

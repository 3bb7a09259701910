#include "quic/address_tokens.h"

#include <openssl/aead.h>
#include <openssl/err.h>

#include <algorithm>

#include "base/check.h"
#include "cert/native.h"

namespace gate::quic {
namespace {

using cert::native_data;

//   kind (1)  nonce (12)  sealed { second of issue (8)  address (16)  of a Retry: port (2)  retry id, original id (1 +
//   n) }  tag (16)
constexpr std::byte kOfRetry{0x72};
constexpr std::byte kForLater{0x6c};
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kContentMax = 8 + 16 + 2 + 2 * (1 + ConnectionId::kBytesMax);

class Writer {
 public:
  void number(std::uint64_t value, unsigned bytes) {
    for (unsigned shift = bytes * 8; shift > 0; shift -= 8)
      content_[size_++] = static_cast<std::byte>(value >> (shift - 8));
  }
  void bytes(base::ByteView view) {
    base::copy_bytes(std::span(content_).subspan(size_), view);
    size_ += view.size();
  }
  void id(const ConnectionId& id) {
    number(id.size(), 1);
    bytes(id.bytes());
  }
  base::ByteView view() const { return std::span(content_).first(size_); }

 private:
  std::array<std::byte, kContentMax> content_;
  std::size_t size_ = 0;
};

std::int64_t second_of(base::WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

Writer begin(const base::IpAddress& peer, base::WallTime now) {
  Writer writer;
  writer.number(static_cast<std::uint64_t>(second_of(now)), 8);
  writer.bytes(std::as_bytes(peer.octets()));
  return writer;
}

}  // namespace

std::vector<std::byte> AddressTokens::seal(std::byte kind, base::ByteView content, base::Random& random) const {
  std::vector<std::byte> token(1 + kNonceBytes + content.size() + kTagBytes);
  token[0] = kind;
  const auto nonce = std::span(token).subspan(1, kNonceBytes);
  const auto sealed = std::span(token).subspan(1 + kNonceBytes);
  random.fill(nonce);
  bssl::UniquePtr<EVP_AEAD_CTX> context(
      EVP_AEAD_CTX_new(EVP_aead_aes_256_gcm(), native_data(base::ByteView(key_)), key_.size(), kTagBytes));
  GATE_CHECK(context != nullptr);
  std::size_t size = 0;
  GATE_CHECK(EVP_AEAD_CTX_seal(context.get(), native_data(sealed), &size, sealed.size(),
                               native_data(base::ByteView(nonce)), nonce.size(), native_data(content), content.size(),
                               native_data(base::ByteView(token)), 1));
  return token;
}

std::vector<std::byte> AddressTokens::for_retry(const base::Endpoint& peer, const ConnectionId& original,
                                                const ConnectionId& retry, base::WallTime now,
                                                base::Random& random) const {
  Writer writer = begin(peer.address, now);
  writer.number(peer.port, 2);
  writer.id(retry);
  writer.id(original);
  return seal(kOfRetry, writer.view(), random);
}

std::vector<std::byte> AddressTokens::for_later(const base::IpAddress& peer, base::WallTime now,
                                                base::Random& random) const {
  return seal(kForLater, begin(peer, now).view(), random);
}

bool AddressTokens::is_of_retry(base::ByteView token) { return !token.empty() && token.front() == kOfRetry; }

std::optional<AddressTokens::Proof> AddressTokens::verify(base::ByteView token, const base::Endpoint& peer,
                                                          const ConnectionId& destination, base::WallTime now) const {
  base::ByteReader outer(token);
  const auto kind = outer.bytes(1);
  const auto nonce = outer.bytes(kNonceBytes);
  if (!kind || !nonce || outer.size() > kContentMax + kTagBytes) return std::nullopt;
  std::array<std::byte, kContentMax + kTagBytes> content{};
  bssl::UniquePtr<EVP_AEAD_CTX> context(
      EVP_AEAD_CTX_new(EVP_aead_aes_256_gcm(), native_data(base::ByteView(key_)), key_.size(), kTagBytes));
  GATE_CHECK(context != nullptr);
  std::size_t size = 0;
  if (!EVP_AEAD_CTX_open(context.get(), native_data(std::span<std::byte>(content)), &size, content.size(),
                         native_data(*nonce), nonce->size(), native_data(outer.rest()), outer.size(),
                         native_data(*kind), 1)) {
    ERR_clear_error();
    return std::nullopt;
  }
  base::ByteReader reader{base::ByteView(content).first(size)};
  const auto issued = reader.u64();
  const auto address = reader.bytes(16);
  if (!issued || !address || !std::ranges::equal(*address, std::as_bytes(peer.address.octets()))) return std::nullopt;
  const bool of_retry = kind->front() == kOfRetry;
  const auto lifetime = std::chrono::duration_cast<std::chrono::seconds>(of_retry ? kRetryLifetime : kLaterLifetime);
  const std::int64_t age = second_of(now) - static_cast<std::int64_t>(*issued);
  if (age < -1 || age > lifetime.count()) return std::nullopt;
  if (!of_retry) return Proof{};
  const auto port = reader.u16();
  const auto retry = reader.vector8();
  const auto original = reader.vector8();
  if (port != peer.port || !retry || !original || !std::ranges::equal(*retry, destination.bytes())) return std::nullopt;
  return Proof{ConnectionId::from(*original)};
}

}  // namespace gate::quic

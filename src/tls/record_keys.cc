#include "tls/record_keys.h"

#include <openssl/err.h>
#include <openssl/mem.h>

#include "base/check.h"
#include "cert/native.h"

namespace gate::tls {
namespace {

using cert::native_data;

std::array<std::uint8_t, kRecordHeaderBytes> header_of(std::size_t sealed_bytes) {
  return {static_cast<std::uint8_t>(ContentType::kApplicationData), 0x03, 0x03,
          static_cast<std::uint8_t>(sealed_bytes >> 8), static_cast<std::uint8_t>(sealed_bytes)};
}

}  // namespace

RecordKeys::RecordKeys(const Suite& suite, base::ByteView secret, std::uint64_t sequence)
    : suite_(suite), sequence_(sequence) {
  GATE_CHECK(secret.size() == suite.secret_bytes);
  base::copy_bytes(secret_, secret);
  make_keys();
}

RecordKeys::~RecordKeys() {
  wipe_keys();
  OPENSSL_cleanse(secret_.data(), secret_.size());
}

// The library's clean-up leaves them where they are.
void RecordKeys::wipe_keys() {
  aead_.Reset();
  OPENSSL_cleanse(aead_.get(), sizeof(EVP_AEAD_CTX));
  EVP_AEAD_CTX_zero(aead_.get());
  OPENSSL_cleanse(iv_.data(), iv_.size());
}

// RFC 8446 7.3.
void RecordKeys::make_keys() {
  const auto secret = std::span(secret_).first(suite_.secret_bytes);
  std::array<std::byte, Suite::kKeyBytesMax> key{};
  wipe_keys();
  expand_label(suite_.hash, secret, "key", std::span(key).first(suite_.key_bytes));
  expand_label(suite_.hash, secret, "iv", std::as_writable_bytes(std::span(iv_)));
  GATE_CHECK(EVP_AEAD_CTX_init(aead_.get(), suite_.aead, native_data(base::ByteView(key)), suite_.key_bytes,
                               Suite::kTagBytes, nullptr));
  OPENSSL_cleanse(key.data(), key.size());
}

void RecordKeys::update() {
  const auto secret = std::span(secret_).first(suite_.secret_bytes);
  std::array<std::byte, Suite::kSecretBytesMax> next{};
  expand_label(suite_.hash, secret, "traffic upd", std::span(next).first(suite_.secret_bytes));
  base::copy_bytes(secret_, next);
  OPENSSL_cleanse(next.data(), next.size());
  sequence_ = 0;
  make_keys();
}

// RFC 8446 5.3: the number, padded on the left to the length of the IV, and the IV.
RecordKeys::Nonce RecordKeys::next_nonce() {
  Nonce nonce = iv_;
  for (unsigned i = 0; i < 8; ++i) nonce[4 + i] ^= static_cast<std::uint8_t>(sequence_ >> (56 - 8 * i));
  ++sequence_;
  return nonce;
}

std::size_t RecordKeys::seal(ContentType type, base::ByteView content, std::span<std::byte> into) {
  const std::size_t size = content.size() + kRecordOverheadBytes;
  GATE_CHECK(content.size() <= kContentBytesMax && into.size() >= size);
  const auto header = header_of(size - kRecordHeaderBytes);
  const auto inner_type = static_cast<std::uint8_t>(type);
  const Nonce nonce = next_nonce();
  std::uint8_t* const sealed = native_data(into.subspan(kRecordHeaderBytes));
  std::size_t tail = 0;
  base::copy_bytes(into, std::as_bytes(std::span(header)));
  GATE_CHECK(EVP_AEAD_CTX_seal_scatter(aead_.get(), sealed, sealed + content.size(), &tail, 1 + Suite::kTagBytes,
                                       nonce.data(), nonce.size(), native_data(content), content.size(), &inner_type, 1,
                                       header.data(), header.size()));
  return kRecordHeaderBytes + content.size() + tail;
}

std::optional<std::size_t> RecordKeys::open(base::ByteView header, base::ByteView sealed, std::span<std::byte> into) {
  if (sealed.size() < Suite::kTagBytes) return std::nullopt;
  const std::size_t size = sealed.size() - Suite::kTagBytes;
  GATE_CHECK(into.size() >= size);
  const Nonce nonce = next_nonce();
  if (EVP_AEAD_CTX_open_gather(aead_.get(), native_data(into), nonce.data(), nonce.size(), native_data(sealed), size,
                               native_data(sealed.subspan(size)), Suite::kTagBytes, native_data(header),
                               header.size())) {
    return size;
  }
  ERR_clear_error();  // a forged record is no news
  return std::nullopt;
}

}  // namespace gate::tls

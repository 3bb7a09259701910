#include <openssl/aead.h>
#include <openssl/aes.h>
#include <openssl/curve25519.h>
#include <openssl/ec_key.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hkdf.h>
#include <openssl/nid.h>
#include <openssl/sha.h>

#include <array>
#include <cstdint>
#include <vector>

#include "base/check.h"
#include "bench/limits/floor.h"

namespace gate::bench {
namespace {

constexpr std::array<std::uint8_t, 32> kSecret{};

void measure_x25519() {
  std::array<std::uint8_t, 32> ours{}, secret{}, theirs{}, their_secret{}, shared{};
  X25519_keypair(theirs.data(), their_secret.data());
  measure_operation("x25519_keygen", 200, [&] { X25519_keypair(ours.data(), secret.data()); });
  measure_operation("x25519_derive", 200,
                    [&] { GATE_CHECK(X25519(shared.data(), secret.data(), theirs.data()) == 1); });
}

void measure_p256() {
  const bssl::UniquePtr<EC_KEY> key(EC_KEY_new_by_curve_name(NID_X9_62_prime256v1));
  GATE_CHECK(key != nullptr && EC_KEY_generate_key(key.get()) == 1);
  std::vector<std::uint8_t> signature(ECDSA_size(key.get()));
  measure_operation("p256_sign", 200, [&] {
    unsigned size = 0;
    GATE_CHECK(ECDSA_sign(0, kSecret.data(), kSecret.size(), signature.data(), &size, key.get()) == 1);
  });
}

// The server's half of ML-KEM-768: a secret and its ciphertext for the client's key.
void measure_mlkem() {
  const bssl::UniquePtr<EVP_PKEY_CTX> maker(EVP_PKEY_CTX_new_id(EVP_PKEY_KEM, nullptr));
  EVP_PKEY* made = nullptr;
  GATE_CHECK(maker != nullptr && EVP_PKEY_CTX_kem_set_params(maker.get(), NID_MLKEM768) == 1 &&
             EVP_PKEY_keygen_init(maker.get()) == 1 && EVP_PKEY_keygen(maker.get(), &made) == 1);
  const bssl::UniquePtr<EVP_PKEY> key(made);
  const bssl::UniquePtr<EVP_PKEY_CTX> ctx(EVP_PKEY_CTX_new(key.get(), nullptr));
  std::array<std::uint8_t, 1088> ciphertext;  // FIPS 203, table 3
  std::array<std::uint8_t, 32> secret;
  measure_operation("mlkem768_encapsulate", 200, [&] {
    std::size_t ciphertext_size = ciphertext.size();
    std::size_t secret_size = secret.size();
    GATE_CHECK(EVP_PKEY_encapsulate(ctx.get(), ciphertext.data(), &ciphertext_size, secret.data(), &secret_size) == 1);
  });
}

// RFC 8446 7.1: three extractions and about fourteen derivations, over a transcript of about 1 500 bytes; the two MACs
// of Finished cost what a derivation does.
void measure_key_schedule() {
  constexpr int kExtractions = 3;
  constexpr int kDerivations = 16;
  constexpr std::size_t kLabelBytes = 50;
  const std::vector<std::uint8_t> transcript(1500);
  const std::array<std::uint8_t, kLabelBytes> label{};
  std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest, secret{};
  measure_operation("key_schedule", 200, [&] {
    SHA256(transcript.data(), transcript.size(), digest.data());
    for (int i = 0; i < kExtractions; ++i) {
      std::size_t size = 0;
      HKDF_extract(secret.data(), &size, EVP_sha256(), digest.data(), digest.size(), secret.data(), secret.size());
    }
    for (int i = 0; i < kDerivations; ++i) {
      HKDF_expand(digest.data(), digest.size(), EVP_sha256(), secret.data(), secret.size(), label.data(), label.size());
    }
  });
}

class Aead {
 public:
  Aead() : ctx_(EVP_AEAD_CTX_new(EVP_aead_aes_128_gcm(), kSecret.data(), 16, 16)) { GATE_CHECK(ctx_ != nullptr); }

  void seal(std::size_t bytes) {
    std::size_t size = 0;
    GATE_CHECK(EVP_AEAD_CTX_seal(ctx_.get(), sealed_.data(), &size, sealed_.size(), kSecret.data(), 12, plain_.data(),
                                 bytes, kSecret.data(), 5) == 1);
  }
  void open(std::size_t bytes) {
    std::size_t size = 0;
    GATE_CHECK(EVP_AEAD_CTX_open(ctx_.get(), plain_.data(), &size, plain_.size(), kSecret.data(), 12, sealed_.data(),
                                 bytes + 16, kSecret.data(), 5) == 1);
  }

 private:
  bssl::UniquePtr<EVP_AEAD_CTX> ctx_;
  std::vector<std::uint8_t> plain_ = std::vector<std::uint8_t>(16 * 1024);
  std::vector<std::uint8_t> sealed_ = std::vector<std::uint8_t>(16 * 1024 + 16);
};

void measure_records() {
  Aead aead;
  measure_operation("seal_600", 2000, [&] { aead.seal(600); });
  measure_operation("seal_1200", 2000, [&] { aead.seal(1200); });
  measure_operation("seal_16k", 500, [&] { aead.seal(16 * 1024); });
  aead.seal(100);
  measure_operation("open_100", 2000, [&] { aead.open(100); });
  aead.seal(1200);
  measure_operation("open_1200", 2000, [&] { aead.open(1200); });
}

// RFC 9001 5.4.3: "the header protection algorithm uses AES-ECB", one block a packet.
void measure_header_protection() {
  AES_KEY key;
  std::array<std::uint8_t, AES_BLOCK_SIZE> block{};
  GATE_CHECK(AES_set_encrypt_key(kSecret.data(), 128, &key) == 0);
  measure_operation("aes_block", 20'000, [&] { AES_encrypt(block.data(), block.data(), &key); });
}

}  // namespace

void measure_cryptography() {
  print_floor("aead_context", sizeof(EVP_AEAD_CTX) / 1e3);
  measure_x25519();
  measure_p256();
  measure_mlkem();
  measure_key_schedule();
  measure_records();
  measure_header_protection();
}

}  // namespace gate::bench

#pragma once

#include <openssl/aead.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "tls/key_schedule.h"

namespace gate::tls {

// RFC 8446 5.1. Numbers that are not named here may come from outside.
enum class ContentType : std::uint8_t { kInvalid = 0, kAlert = 21, kHandshake = 22, kApplicationData = 23 };

// The sizes of records (RFC 8446 5.1, 5.2), in bytes.
inline constexpr std::size_t kRecordHeaderBytes = 5;
inline constexpr std::size_t kContentBytesMax = std::size_t{1} << 14;
inline constexpr std::size_t kCiphertextBytesMax = kContentBytesMax + 256;
inline constexpr std::size_t kRecordOverheadBytes = kRecordHeaderBytes + 1 + Suite::kTagBytes;

// One direction of a TLS 1.3 connection after the handshake: the traffic secret, the keys made of it and the number of
// the next record. Belongs to one connection; secret and keys are wiped at the end.
class RecordKeys {
 public:
  // RFC 8446 5.5: AES-GCM is safe for 2^24.5 full records under one key.
  static constexpr std::uint64_t kSealedMax = std::uint64_t{1} << 24;

  // `secret` is of the suite's size. The suite lives forever, as find_suite() gives it.
  RecordKeys(const Suite& suite, base::ByteView secret, std::uint64_t sequence);
  ~RecordKeys();
  RecordKeys(const RecordKeys&) = delete;
  RecordKeys& operator=(const RecordKeys&) = delete;

  // Writes the next record to the front of `into`, which has kRecordOverheadBytes more than `content`; at most
  // kContentBytesMax of that. How many bytes it has.
  std::size_t seal(ContentType type, base::ByteView content, std::span<std::byte> into);

  // The next record of the other side: `sealed` behind its `header`. Writes the inner plaintext (content, type and
  // padding) to the front of `into`, which has at least sealed.size() - Suite::kTagBytes, and says how long it is;
  // nothing when it was not sealed with these keys.
  std::optional<std::size_t> open(base::ByteView header, base::ByteView sealed, std::span<std::byte> into);

  // RFC 8446 7.2: the next secret and its keys. Records count anew.
  void update();

  // Of the next record under these keys.
  std::uint64_t sequence() const { return sequence_; }

 private:
  using Nonce = std::array<std::uint8_t, Suite::kIvBytes>;
  void make_keys();
  void wipe_keys();
  Nonce next_nonce();

  const Suite& suite_;
  bssl::ScopedEVP_AEAD_CTX aead_;
  std::array<std::byte, Suite::kSecretBytesMax> secret_{};
  Nonce iv_{};
  std::uint64_t sequence_;
};

}  // namespace gate::tls

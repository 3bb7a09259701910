#include "cert/key_file.h"

#include <openssl/mem.h>

#include "os/file.h"

namespace gate::cert {

base::Result<PrivateKey> read_key_file(const std::string& path) {
  constexpr std::size_t kFileBytesMax = 64 * 1024;
  GATE_TRY(os::check_private(path, "private key"));
  GATE_TRY_ASSIGN(std::string text, os::read_file(path, kFileBytesMax));
  auto key = PrivateKey::from_pem(text, path);
  OPENSSL_cleanse(text.data(), text.size());
  return key;
}

base::Result<void> write_key_file(const std::string& path, const PrivateKey& key) {
  std::string text = key.to_pem();
  auto written = os::write_file_atomically(path, text, 0600);
  OPENSSL_cleanse(text.data(), text.size());
  return written;
}

}  // namespace gate::cert

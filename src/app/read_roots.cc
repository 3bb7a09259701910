#include "app/read_roots.h"

#include <utility>

#include "cert/certificate.h"

namespace gate::app {

std::optional<NamedRoots> read_roots(const conf::Word& file, conf::Reader& reader) {
  constexpr std::size_t kPemBytesMax = 1024 * 1024;
  auto read = reader.file(file, kPemBytesMax);
  if (!read) return std::nullopt;
  const auto certificates = cert::certificates_from_pem(read->content, read->path);
  if (!certificates) {
    const auto& error = certificates.error();
    reader.error(error.code, file, error.what, error.fix);
    return std::nullopt;
  }
  return NamedRoots{std::make_shared<const cert::Roots>(cert::Roots::of(*certificates)), std::move(read->content)};
}

std::shared_ptr<const cert::Roots> system_roots(const conf::Word& word, conf::Reader& reader) {
  auto system = cert::Roots::system();
  if (system) return std::make_shared<const cert::Roots>(*std::move(system));
  reader.error(system.error().code, word, system.error().what, system.error().fix);
  return nullptr;
}

}  // namespace gate::app

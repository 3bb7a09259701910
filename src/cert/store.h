#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cert/credential.h"

namespace gate::cert {

// Credentials on disk, a folder each: `<root>/<name>/credential.pem` holds key and chain in one file, so that they
// can never disagree, and a SIGKILL at any moment leaves the old or the new credential. Files are 0600.
class Store {
 public:
  explicit Store(std::filesystem::path root) : root_(std::move(root)) {}

  // Writes `credential` under `name` (a DNS name, wildcard or address), replacing what stood there.
  base::Result<void> save(std::string_view name, const Credential& credential) const;

  // The credential under `name`, parsed and matched with its key, not judged by its dates. An empty optional
  // inside the result: there is none.
  base::Result<std::optional<Credential>> load(std::string_view name) const;

  // The leaf of every credential stored, for inventory; unreadable ones are returned as errors beside them.
  struct Entry {
    std::string name;
    base::Result<Certificate> leaf;
  };
  std::vector<Entry> list() const;

  // The folder of `name`: "*" is written as "_" so that it is harmless in a shell.
  std::filesystem::path folder_of(std::string_view name) const;

 private:
  std::filesystem::path root_;
};

}  // namespace gate::cert

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cert/credential.h"

namespace gate::cert {

// Credentials on disk, a folder each: `<root>/<name>/credential.pem` holds key and chain in one file, so that the two
// can never disagree, and a SIGKILL at any moment leaves the old or the new credential. Folders 0700, files 0600.
class Store {
 public:
  explicit Store(std::string root) : root_(std::move(root)) {}

  // Writes `credential` under `name` (a DNS name, wildcard or address), replacing what stood there.
  base::Result<void> save(std::string_view name, const Credential& credential) const;

  // The credential under `name`; an empty optional inside the result: there is none. Refused: a file others may
  // read, one whose key and certificate disagree. Dates are the caller's to judge.
  base::Result<std::optional<Credential>> load(std::string_view name) const;

  // The leaf of every credential stored, by name, for inventory. Unreadable ones carry their error.
  struct Entry {
    std::string name;
    base::Result<Certificate> leaf;
  };
  std::vector<Entry> list() const;

  // The file of `name`. "*" is written as "_" and ":" as "-", so that it is harmless in a shell and on any file system.
  std::string path_of(std::string_view name) const;

 private:
  std::string root_;
};

}  // namespace gate::cert

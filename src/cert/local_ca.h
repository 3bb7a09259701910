#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cert/certificate.h"
#include "cert/credential.h"
#include "cert/name_constraints.h"
#include "cert/private_key.h"

namespace gate::cert {

// The certificate authority of this machine, for `localhost`, addresses and every site that says `tls local`. Its
// first root may sign for local names and private addresses only; a site with any other name gets a further root that
// may sign for nothing more. docs/why/local-ca.md has the reasons. Keys never leave the state folder.
class LocalCa {
 public:
  static constexpr std::chrono::days kRootLifetime{3650};
  static constexpr std::chrono::days kLeafLifetime{30};
  static constexpr std::size_t kRootsMax = 64;  // each must be trusted by hand; more is a mistake

  // Opens the authority in `folder`, or creates it there (folder 0700, keys 0600). Safe when several processes
  // do so at once, and when one is killed half-way: files appear complete or not at all. Refused: a key that others
  // may read or change, a file whose key and certificate disagree, a root that has expired.
  static base::Result<LocalCa> open_or_create(const std::string& folder, base::WallTime now);

  // Opens the authority in `folder` only if it exists there already; kLocalCaUnusable otherwise.
  static base::Result<LocalCa> open(const std::string& folder, base::WallTime now);

  // The root for local names.
  const Certificate& root() const { return authorities_.front().root; }

  // Every root that clients should trust, with the file that holds it (PEM, readable by all). At least one.
  struct Root {
    const Certificate& certificate;
    std::string path;
  };
  std::vector<Root> roots() const;

  // A leaf with a fresh P-256 key for `names`: DNS names, wildcards and IP addresses as text. Valid from an hour
  // before `now` (clocks differ) for `kLeafLifetime`, never beyond its root. Makes a further root when no
  // existing one permits all the names. Refused: no names, one that is neither a DNS name nor an address, or a root
  // that is not valid at `now`.
  base::Result<Credential> issue(std::span<const std::string> names, base::WallTime now);

 private:
  struct Authority {
    Certificate root;
    PrivateKey key;
    NameConstraints constraints;
  };

  explicit LocalCa(std::string folder) : folder_(std::move(folder)) {}

  base::Result<void> load(base::WallTime now);
  base::Result<void> add(const NameConstraints& constraints, base::WallTime now);
  base::Result<const Authority*> authority_for(std::span<const std::string> names, base::WallTime now);
  std::string path(std::size_t number, std::string_view extension) const;

  std::string folder_;
  std::vector<Authority> authorities_;
};

// When a certificate is due for renewal: two thirds of its life.
base::WallTime renewal_time(const Certificate& certificate);

}  // namespace gate::cert

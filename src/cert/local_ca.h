#pragma once

#include <chrono>
#include <filesystem>
#include <span>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "cert/certificate.h"
#include "cert/credential.h"
#include "cert/private_key.h"

namespace gate::cert {

// The certificate authority of this machine, for `localhost`, addresses and every site that says `tls local`: an
// ECDSA P-256 root that is valid for ten years. Its key never leaves the state folder. Why its root is constrained
// the way it is stands in docs/why/local-ca.md.
class LocalCa {
 public:
  static constexpr std::chrono::days kRootLifetime{3650};
  static constexpr std::chrono::days kLeafLifetime{30};

  // Opens the authority in `folder`, or creates it there (folder 0700, key 0600). Safe when several processes
  // do so at once, and when one is killed half-way: the files appear complete or not at all. Refused: a key that
  // others may read, a key that is not the certificate's, a root that has expired.
  static base::Result<LocalCa> open_or_create(const std::filesystem::path& folder, base::WallTime now);

  // Opens the authority in `folder` only if it exists there already; kLocalCaUnusable otherwise.
  static base::Result<LocalCa> open(const std::filesystem::path& folder, base::WallTime now);

  const Certificate& root() const { return root_; }
  std::filesystem::path root_path() const { return folder_ / "root.crt"; }

  // A leaf with a fresh P-256 key for `names`: DNS names, wildcards and IP addresses as text. Valid from an hour
  // before `now` (clocks differ) and for `kLeafLifetime`, never beyond the root. Refused: no names, names that are
  // neither DNS names nor addresses.
  base::Result<Credential> issue(std::span<const std::string> names, base::WallTime now) const;

 private:
  LocalCa(std::filesystem::path folder, Certificate root, PrivateKey key)
      : folder_(std::move(folder)), root_(std::move(root)), key_(std::move(key)) {}

  std::filesystem::path folder_;
  Certificate root_;
  PrivateKey key_;
};

// When a certificate is due for renewal: two thirds of its life.
base::WallTime renewal_time(const Certificate& certificate);

}  // namespace gate::cert

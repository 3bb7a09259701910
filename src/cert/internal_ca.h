#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cert/certificate.h"
#include "cert/issued_index.h"
#include "cert/name_constraints.h"
#include "cert/private_key.h"
#include "cert/purpose.h"
#include "cert/revocation_list.h"

namespace gate::cert {

// The certificate authority of a network, made by its administrator: one root, whose certificates are all written down
// and can be revoked. Beside it the local authority of a machine (LocalCa) makes certificates by itself and keeps no
// list. docs/why/internal-ca.md has the reasons. Several processes may use one folder at once; each change is made
// under a lock, and a process killed in the middle leaves what was there before, or all of the new.
class InternalCa {
 public:
  static constexpr std::chrono::days kListLifetime{7};       // of the list of revoked certificates
  static constexpr std::chrono::days kLeafLifetimeMax{825};  // Apple refuses more, of people's own authorities too

  struct Options {
    std::string name{};                            // of the root, at most 64 characters
    std::optional<NameConstraints> constraints{};  // absent: it may sign anything
    std::chrono::days lifetime{3650};
    std::string url{};  // where clients find the published files; empty: certificates name no list of revoked ones
  };

  // Its folder in a state folder.
  static std::string folder_in(const std::string& state_folder);

  // Makes the authority of `state_folder`. kInternalCaExists when there is one.
  static base::Result<InternalCa> create(const std::string& state_folder, const Options& options, base::WallTime now);

  // kNoInternalCa when there is none; refused like LocalCa::open's: keys open to others, damaged files, expired roots.
  static base::Result<InternalCa> open(const std::string& state_folder, base::WallTime now);

  static bool exists(const std::string& state_folder);

  const Certificate& root() const { return root_; }
  const std::optional<NameConstraints>& constraints() const { return constraints_; }
  const std::string& url() const { return url_; }
  const std::vector<IssuedRecord>& issued() const { return index_.records(); }
  const IssuedRecord* find(std::string_view serial) const { return index_.find(serial); }

  std::string root_path() const { return folder_ + "/authority.crt"; }
  std::string list_path() const { return public_folder() + "/revoked.crl"; }          // DER
  std::string list_pem_path() const { return public_folder() + "/revoked.crl.pem"; }  // the same for other programs

  // What everybody may see, for a `files` statement. The lists are written by this class, the rest by its owner.
  std::string public_folder() const { return folder_ + "/public"; }

  // Who wants what. Names and addresses have the forms of LocalCa::issue's.
  struct Order {
    Purpose purpose = Purpose::kServer;
    std::string common_name{};  // of a client
    std::vector<std::string> names{};
    std::vector<std::string> mail_addresses{};
    std::string public_key_info{};  // DER SubjectPublicKeyInfo
    std::chrono::seconds lifetime{};
    std::string origin{};  // for the list
  };

  // Whether it would sign for what `order` names: kCannotIssue for what is no name, kNotPermitted for what is outside
  // of its constraints.
  base::Result<void> check(const Order& order) const;

  // Issues, once the certificate stands in the list. It is valid from an hour before `now`, as clocks differ.
  base::Result<Certificate> issue(const Order& order, base::WallTime now);

  // Puts the certificate on the list of revoked ones and publishes that. kUnknownSerial, kAlreadyRevoked.
  base::Result<void> revoke(const std::string& serial, RevocationReason reason, base::WallTime now);

  // Changes where clients find the published files, for certificates issued from now on.
  base::Result<void> set_url(const std::string& url);

  // What the published list of revoked certificates says; nothing when there is none that can be read.
  std::optional<RevocationListFacts> published_list() const;

  // Signs the list of revoked certificates anew when half of its time is over, or when it lacks one.
  base::Result<void> refresh_list(base::WallTime now);

  // Takes in what other processes have done.
  base::Result<void> refresh();

 private:
  InternalCa(std::string state_folder, Certificate root, PrivateKey key);

  base::Result<void> complete(base::WallTime now);
  base::Result<void> publish_list(base::WallTime now);
  std::vector<RevokedSerial> revoked(base::WallTime now) const;
  base::Result<void> check_root(base::WallTime now) const;
  base::Result<void> hand_to_owner() const;

  std::string state_folder_;
  std::string folder_;
  Certificate root_;
  PrivateKey key_;
  std::optional<NameConstraints> constraints_;
  std::string url_;
  IssuedIndex index_;
};

}  // namespace gate::cert

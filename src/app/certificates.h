#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/settings.h"
#include "base/clock.h"
#include "base/result.h"
#include "cert/credential.h"
#include "cert/local_ca.h"
#include "cert/store.h"
#include "conf/diagnostics.h"
#include "tls/client_demand.h"

namespace gate::app {

// The credentials of one site: one, or an ECDSA and an RSA one; and what its clients have to show.
struct SiteCredentials {
  std::vector<cert::Credential> credentials;
  std::optional<tls::ClientDemand> clients;
  bool revoked = false;  // the authority has taken one back
  // When a local one is due; the user's own are never renewed by us.
  base::WallTime valid_from = base::WallTime::min();
  base::WallTime renewal = base::WallTime::max();
  // Serves until an authority has issued; nobody vouches for it.
  bool is_stand_in = false;
  bool lacks_names = false;             // serves, but not for names that the site has got meanwhile
  std::vector<base::Error> problems{};  // with what an authority has issued, that do not keep the site from serving

  // Also before it begins: it was issued while the clock was set wrong.
  bool is_due(base::WallTime now) const { return now < valid_from || now >= renewal; }
};

// The names that a site's certificate must be good for: all of its names, or where it has others on demand those that
// it is called by, of which there may be none.
std::vector<std::string> certificate_names(const SiteSettings& site);

// Finds the certificates of sites: the user's files; leaves of the local CA, which is made when first needed and whose
// leaves are kept on disk until they are due; and what authorities have issued, with a stand-in until they have.
// Control thread only.
class Certificates {
 public:
  // `state_folder` exists.
  Certificates(std::string state_folder, const base::Clock& clock);

  // In the order of the sites. What is wrong with the user's files is reported at their statements; a failure of the
  // local CA is the result's error.
  base::Result<std::vector<SiteCredentials>> load(const Settings& settings, conf::Diagnostics& diagnostics);

  // The files whose change must be noticed.
  static std::vector<std::string> watched_files(const Settings& settings);

  // What an authority has issued for the site of this name, from now on.
  base::Result<void> keep_issued(const std::string& site, const cert::Credential& credential) const;

  std::string ca_folder() const { return state_folder_ + "/ca"; }
  const cert::Store& store() const { return store_; }                      // what the local CA issued
  const cert::Store& authority_store() const { return authority_store_; }  // what others issued

 private:
  base::Result<cert::Credential> local(const SiteSettings& site);
  SiteCredentials issued(const SiteSettings& site);
  base::Result<cert::LocalCa*> local_ca();

  std::string state_folder_;
  const base::Clock& clock_;
  cert::Store store_;
  cert::Store authority_store_;
  std::unique_ptr<cert::LocalCa> local_ca_;
};

// Reads and checks the users' own files without keeping them; what is wrong is reported at their statements.
void check_certificate_files(const Settings& settings, base::WallTime now, conf::Diagnostics& diagnostics);

}  // namespace gate::app

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "cert/local_ca.h"
#include "cert/verify.h"

namespace gate::app {

// A place where this machine's programs look for roots they trust.
class TrustStore {
 public:
  virtual ~TrustStore() = default;

  virtual std::string name() const = 0;  // "system", "Chromium (/home/ann/.pki/nssdb)"
  virtual bool is_ours_to_change() const { return true; }
  virtual bool contains(const cert::LocalCa::Root& root) const = 0;
  virtual base::Result<void> install(const cert::LocalCa::Root& root) = 0;
  virtual base::Result<void> remove(const cert::LocalCa::Root& root) = 0;

  // What programs that go by this store trust, read back from it; of an NSS database only the roots of `ca`.
  virtual base::Result<cert::Roots> trusted(const cert::LocalCa& ca) const = 0;
};

// The stores there are for the user of this process: the system's, and the NSS databases of Chromium and Firefox in the
// home folder.
std::vector<std::unique_ptr<TrustStore>> find_trust_stores();

// Whether a program that goes by `store` accepts a server with a certificate of `ca`: a real handshake, in memory, with
// a fresh certificate for localhost. kNotTrustedYet when it does not.
base::Result<void> verify_by_handshake(const TrustStore& store, cert::LocalCa& ca, const base::Clock& clock);

}  // namespace gate::app

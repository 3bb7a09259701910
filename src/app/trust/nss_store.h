#pragma once

#include <string>
#include <utility>

#include "app/trust/trust_store.h"

namespace gate::app {

// An NSS database, where Chromium and Firefox keep roots a user has added. Changed by certutil (Debian: libnss3-tools).
class NssStore final : public TrustStore {
 public:
  NssStore(std::string owner, std::string folder) : owner_(std::move(owner)), folder_(std::move(folder)) {}

  std::string name() const override { return owner_ + " (" + folder_ + ")"; }
  bool contains(const cert::LocalCa::Root& root) const override;
  base::Result<void> install(const cert::LocalCa::Root& root) override;
  base::Result<void> remove(const cert::LocalCa::Root& root) override;
  base::Result<cert::Roots> trusted(const cert::LocalCa& ca) const override;

 private:
  // What certutil has printed.
  base::Result<std::string> run(std::vector<std::string> arguments) const;

  std::string owner_;
  std::string folder_;
};

}  // namespace gate::app

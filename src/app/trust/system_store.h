#pragma once

#include "app/trust/trust_store.h"

namespace gate::app {

// The system's bundle of roots, kept by update-ca-certificates (Debian and relatives): /etc/ssl/certs.
class SystemStore final : public TrustStore {
 public:
  std::string name() const override { return "system"; }
  bool is_ours_to_change() const override;
  bool contains(const cert::LocalCa::Root& root) const override;
  base::Result<void> install(const cert::LocalCa::Root& root) override;
  base::Result<void> remove(const cert::LocalCa::Root& root) override;
  base::Result<cert::Roots> trusted(const cert::LocalCa& ca) const override;
};

}  // namespace gate::app

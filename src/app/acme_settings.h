#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "acme/external_binding.h"

namespace gate::cert {
class Roots;
}

namespace gate::app {

struct DnsProofSettings;
struct OnDemandSettings;

// One certificate authority that may be asked.
struct AuthoritySettings {
  std::string directory;                       // URL
  std::shared_ptr<const cert::Roots> roots{};  // who vouches for its server
  std::string profile{};
  std::string preferred_chain{};
  std::optional<acme::ExternalBinding> binding{};
  std::string trust_mark{};  // differs where the roots differ; empty: the system's
};

// From whom a certificate is ordered, and how names are proven. What a site leaves empty is the server's.
struct AcmeSettings {
  std::vector<AuthoritySettings> authorities;     // the next is asked when one does not issue
  std::vector<std::string> challenges{};          // types that may be used, the preferred one first
  std::shared_ptr<const DnsProofSettings> dns{};  // who makes records for dns-01; null: nobody
  // For names that the site takes without being called so; null: it has one certificate for all its names. Never the
  // server's.
  std::shared_ptr<const OnDemandSettings> on_demand{};
};

}  // namespace gate::app

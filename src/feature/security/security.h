#pragma once

#include <array>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "feature/security/hsts.h"
#include "http/fields.h"
#include "http/service.h"

namespace gate::security {

// The fields every response gets unless it has them already; see docs/why/security-headers.md.
inline constexpr std::array kDefaultFields{
    http::Field{"x-content-type-options", "nosniff", http::FieldId::kXContentTypeOptions},
    http::Field{"referrer-policy", "strict-origin-when-cross-origin", http::FieldId::kReferrerPolicy},
    http::Field{"x-frame-options", "SAMEORIGIN", http::FieldId::kXFrameOptions},
    http::Field{"permissions-policy", "camera=(self), geolocation=(self), microphone=(self)",
                http::FieldId::kPermissionsPolicy},
};

// What the configuration says of a site.
struct SecurityPolicy {
  std::vector<http::Field> fields{kDefaultFields.begin(), kDefaultFields.end()};
  HstsPolicy hsts;
};

// What only the running program knows of a site.
struct SiteFacts {
  bool certificate_is_local = false;  // under the local CA: nobody outside trusts it
  base::WallTime hsts_began;          // when the ramp was first served, from the state folder
};

// Makes responses safe by default: puts in what a response does not say itself. Belongs before all other statements of
// a site. Promises HTTPS (HSTS) only over HTTPS, and not for names that browsers should forget.
class SecurityPlan final : public http::ServicePlan {
 public:
  SecurityPlan(SecurityPolicy policy, const SiteFacts& facts);

  std::unique_ptr<http::Service> build(const http::ServiceEnvironment& environment) const override;

 private:
  class Security;

  std::vector<http::Field> fields_;
  HstsSchedule hsts_;
};

}  // namespace gate::security

#pragma once

#include "conf/table.h"
#include "feature/security/security.h"

namespace gate::security {

void read_security(conf::Context<SecurityPolicy>& context, const conf::Statement& statement);
void read_hsts(conf::Context<SecurityPolicy>& context, const conf::Statement& statement);

// The statements of a site that change its SecurityPolicy; a site without them has the policy's defaults.
inline constexpr conf::Directive<SecurityPolicy> kDirectives[] = {
    {.name = "security",
     .synopsis = "security off [NAME…]",
     .summary = "Leaves out default response fields: the ones named, or all but HSTS.",
     .args = {1, conf::kAnyNumber},
     .occurs = conf::Occurs::kRepeated,
     .handle = read_security},
    {.name = "hsts",
     .synopsis = "hsts off|DURATION|ramp [DURATION] [subdomains] [preload]",
     .summary = "How long browsers shall insist on HTTPS for this site; one year unless given.",
     .args = {1, 4},
     .handle = read_hsts},
};

}  // namespace gate::security

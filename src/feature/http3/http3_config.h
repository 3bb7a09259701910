#pragma once

#include "conf/table.h"
#include "feature/http3/http3.h"

namespace gate::http3 {

void read_http3(conf::Context<SitePolicy>& context, const conf::Statement& statement);

// The statement of a site.
inline constexpr conf::Directive<SitePolicy> kDirectives[] = {
    {.name = "http3",
     .synopsis = "http3 on | off",
     .summary = "Whether the site is also served by HTTP/3, over UDP.",
     .args = {1, 1},
     .handle = read_http3},
};

}  // namespace gate::http3

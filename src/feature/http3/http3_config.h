#pragma once

#include "conf/table.h"
#include "feature/http3/http3.h"

namespace gate::http3 {

void read_http3(conf::Context<SitePolicy>& context, const conf::Statement& statement);
void read_early_data(conf::Context<SitePolicy>& context, const conf::Statement& statement);

// The statements of a site.
inline constexpr conf::Directive<SitePolicy> kDirectives[] = {
    {.name = "http3",
     .synopsis = "http3 on | off",
     .summary = "Whether the site is also served by HTTP/3, over UDP.",
     .args = {1, 1},
     .handle = read_http3},
    {.name = "early-data",
     .synopsis = "early-data safe | off",
     .summary = "Whether returning clients may send GET and HEAD with their first packet over HTTP/3.",
     .args = {1, 1},
     .handle = read_early_data},
};

}  // namespace gate::http3

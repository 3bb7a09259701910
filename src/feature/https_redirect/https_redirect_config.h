#pragma once

#include "conf/table.h"
#include "feature/https_redirect/https_redirect.h"

namespace gate::https_redirect {

void read_http(conf::Context<ClearHttp>& context, const conf::Statement& statement);

// The statement of a site that says what plain HTTP gets; a site without it redirects.
inline constexpr conf::Directive<ClearHttp> kDirectives[] = {
    {.name = "http",
     .synopsis = "http allow|redirect",
     .summary = "Whether the site is also served over plain HTTP; without this, HTTP is redirected to HTTPS.",
     .args = {1, 1},
     .handle = read_http},
};

}  // namespace gate::https_redirect

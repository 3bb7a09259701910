#pragma once

#include "http/exchange.h"
#include "os/root.h"

namespace gate::http {

// What to answer where a request names a file that is not to be had; 500 for those that are no such case.
Refusal refusal_of(os::Miss miss);

}  // namespace gate::http

#pragma once

#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "dns/exchange.h"
#include "dns/message.h"

namespace gate::dns {

// Who looks things up for us.
enum class Asked : std::uint8_t {
  kResolver,       // finds the answer wherever it is (recursion)
  kAuthoritative,  // knows what its own zones have, and no cache
};

// The question of what records of a type a name has.
Request query(Name name, Type type, std::vector<base::Endpoint> servers, Asked asked);

// The error where an answer says no more than that there is none to be had (SERVFAIL, REFUSED, …); NXDOMAIN is an
// answer.
base::Result<> check_answer(const Answer& answer);

}  // namespace gate::dns

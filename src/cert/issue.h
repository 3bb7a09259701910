#pragma once

#include <chrono>
#include <span>
#include <string>

#include "base/clock.h"
#include "cert/certificate.h"
#include "cert/name_constraints.h"
#include "cert/private_key.h"

namespace gate::cert {

struct Validity {
  base::WallTime from;
  base::WallTime until;
};

// A self-signed root called `common_name` that may sign leaves, no further authorities, within `constraints`.
Certificate make_root(const PrivateKey& key, const std::string& common_name, const NameConstraints& constraints,
                      const Validity& validity);

// A server's certificate for `names` and the public half of `leaf_key`, signed by `root`. The names are valid ones.
Certificate make_leaf(const Certificate& root, const PrivateKey& root_key, const PrivateKey& leaf_key,
                      std::span<const std::string> names, const Validity& validity);

}  // namespace gate::cert

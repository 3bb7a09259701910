#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "cert/certificate.h"

namespace gate::cert {

// The former files of one kind in a folder of their own, named so that sorting them sorts them by age:
// `20261122T093000Z-3f9a1c20.pem` is a credential whose leaf is valid from that moment.
class History {
 public:
  explicit History(std::string folder) : folder_(std::move(folder)) {}

  // Takes up the credential in `file`, whose leaf is `leaf`, by a second name: no byte is written, and `file` stays.
  // Fine when it is there already.
  base::Result<void> keep(const std::string& file, const Certificate& leaf) const;

  // Removes all but the `count` newest.
  base::Result<void> keep_newest(std::size_t count) const;

  // The files, newest first.
  std::vector<std::string> files() const;

 private:
  std::string folder_;
};

}  // namespace gate::cert

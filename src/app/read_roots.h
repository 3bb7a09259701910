#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cert/verify.h"
#include "conf/reader.h"
#include "conf/tree.h"

namespace gate::app {

// The roots of `trust FILE`, and the text of that file, which differs where they differ. Nothing where it was reported
// to be wrong.
struct NamedRoots {
  std::shared_ptr<const cert::Roots> roots;
  std::string text;
};
std::optional<NamedRoots> read_roots(const conf::Word& file, conf::Reader& reader);

// The machine's own, for what `word` names. Null where it was reported that there are none.
std::shared_ptr<const cert::Roots> system_roots(const conf::Word& word, conf::Reader& reader);

}  // namespace gate::app

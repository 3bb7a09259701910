#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "conf/tree.h"

namespace gate::conf {

// A tree as JSON, one statement a line; what is absent or empty is left out, but for `args`:
//   {"statements":[{"name":"site","args":["example.com"],"block":[…],"end":["# …"],"close_comment":"# …",
//                   "before":["","# …"],"comment":"# …"}],"end":["# …"]}
// Secrets appear as the references they are written as.
std::string to_json(const Block& root);

// The tree of such a text, without positions: to get them, format the tree and parse the result. kBadJson when the text
// is no JSON, has another shape (unknown fields included) or holds what the block language cannot say.
base::Result<Block> from_json(std::string_view text);

}  // namespace gate::conf

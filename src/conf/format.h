#pragma once

#include <string>
#include <string_view>

#include "conf/tree.h"

namespace gate::conf {

// The canonical text of a tree: two spaces a level, first arguments aligned within a run of plain statements, at most
// one blank line, none at the edges of a block, quotes kept and added where a word needs them. Comments survive.
// Formatting a formatted text changes nothing.
std::string format(const Block& root);

// Whether `text` can stand as a bare word.
bool is_bare_word(std::string_view text);

// `text` as a string of the language, with its quotes.
std::string quoted(std::string_view text);

}  // namespace gate::conf

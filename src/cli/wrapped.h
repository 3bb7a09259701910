#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gate::cli {

// Text with its lines broken at blanks, so that none is longer than `columns` where words allow it; lines behind the
// first begin with `indent` blanks. Empty lines stay, other ends of lines do not.
std::string wrapped(std::string_view text, std::size_t indent = 0, std::size_t columns = 80);

}  // namespace gate::cli

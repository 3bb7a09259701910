#pragma once

#include <string_view>

namespace gate::cli {

// The paragraph of docs/errors.md about "G2107", with its title; empty when there is none. The manual is compiled in.
std::string_view error_paragraph(std::string_view code);

}  // namespace gate::cli

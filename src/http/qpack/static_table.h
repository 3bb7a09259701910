#pragma once

#include <cstddef>

#include "http/fields.h"

namespace gate::http::qpack {

// RFC 9204 Appendix A: the lines that both sides know from the start, numbered from 0.
inline constexpr std::size_t kStaticLines = 99;

// `index` is below kStaticLines.
const Field& static_line(std::size_t index);

// The first line with that name, or kStaticLines.
std::size_t static_name(FieldId id);

// The line that says all of it, or kStaticLines.
std::size_t static_whole(const Field& line);

}  // namespace gate::http::qpack

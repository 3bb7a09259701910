#pragma once

#include <cstddef>
#include <cstdint>

#include "http/fields.h"

namespace gate::http::hpack {

// RFC 7541 Appendix A: the lines that both sides know from the start, numbered from 1.
inline constexpr std::size_t kStaticLines = 61;

// `index` is 1 to kStaticLines.
const Field& static_line(std::size_t index);

// The first line with that name, or 0.
std::size_t static_name(FieldId id);

}  // namespace gate::http::hpack

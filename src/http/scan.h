#pragma once

#include <cstddef>
#include <string_view>

// How far a text belongs to a character class, many characters at a time where the machine can. Each platform's file
// defines
//   std::size_t token_prefix(std::string_view)    characters of a token at the front
//   std::size_t value_prefix(std::string_view)    characters a field value may hold at the front
//   std::size_t visible_prefix(std::string_view)  visible ASCII at the front
//   void lower_in_place(std::span<char>)          ASCII letters to lower case
#if defined(__SSE2__)
#include "http/scan_sse2.h"
#else
#include "http/scan_portable.h"
#endif

#pragma once

#include <cstdint>
#include <string_view>

#include "base/arena.h"
#include "http/characters.h"

namespace gate::http {

// RFC 3986 2: visible ASCII but for the characters that no rule of its grammar has.
inline constexpr CharacterClass kUrlCharacters =
    make_class([](char c) { return c > ' ' && c < '\x7f' && !std::string_view("\"<>\\^`{|}").contains(c); });

// Where in a message a text is put, and so what of it must be percent-encoded there.
enum class UrlPart : std::uint8_t {
  kUrl,        // text that is URL already, as the client sent it: only what may stand in no URL is encoded
  kQueryPart,  // a name or value in a query: also what separates queries
  kPath,       // a decoded path, as Request::path: back to what a request target may hold. "%2F" stays as it is
};

// `text` with every character encoded that may not stand there, so that it can end neither the part nor the field line.
// The text itself where nothing is to be done; otherwise lives as long as the arena.
std::string_view percent_encoded(std::string_view text, UrlPart part, base::Arena& arena);

}  // namespace gate::http

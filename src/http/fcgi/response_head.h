#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "http/fields.h"
#include "http/limits.h"

namespace gate::http::fcgi {

// Where the header block that `text` begins with ends, behind its empty line; nothing while that is not there. The
// first `known` bytes were looked at before. Lines end with LF or CRLF.
std::optional<std::size_t> end_of_head(std::string_view text, std::size_t known);

// What the header block of a CGI response says of the response itself.
struct ResponseHead {
  std::uint16_t status = 200;
  std::optional<std::uint64_t> length;
};

// Reads a whole block, up to its empty line, and adds its fields, but for Status, to `fields`; they live in their
// arena. Fails with a static reason.
std::expected<ResponseHead, std::string_view> read_head(std::string_view block, const Limits& limits,
                                                        FieldList& fields);

}  // namespace gate::http::fcgi

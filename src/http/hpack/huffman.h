#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "base/bytes.h"

namespace gate::http::hpack {

// How long a text can be at the most that `coded_bytes` stand for: the shortest code has five bits.
constexpr std::size_t huffman_bound(std::size_t coded_bytes) { return coded_bytes * 8 / 5; }

// Decodes a text (RFC 7541 5.2, which RFC 9204 4.1.2 uses too) to the front of `into`; yields its length. Nothing when
// it is malformed, or does not fit.
std::optional<std::size_t> huffman_decode(base::ByteView coded, std::span<std::byte> into);

}  // namespace gate::http::hpack

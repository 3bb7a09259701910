#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "feature/cache/stored_response.h"

namespace gate::cache {

// A kept response as a file: what it says of itself, its head and its body, with a checksum over all of it. Times stand
// in it by the calendar, since what a process counts from means nothing to the next one.
inline constexpr std::size_t kStoredHeadBytesMax = 256 * 1024;

// `clock` says what the response's moments are by the calendar. Nothing for a head that is too large.
std::optional<std::string> encode_stored(const StoredResponse& response, const base::Clock& clock);

// Nothing when the file is not whole and unchanged, or holds what no response has.
std::optional<StoredResponse> decode_stored(std::string_view file, const base::Clock& clock);

// The head alone, from the first kStoredHeadBytesMax bytes, without a look at the checksum.
std::optional<StoredHead> decode_stored_head(std::string_view start, const base::Clock& clock);

}  // namespace gate::cache

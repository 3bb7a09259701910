#pragma once

#include <cstdint>
#include <string_view>

namespace gate::http {

// "Not Found" for 404 (RFC 9110 15 and the IANA registry); empty for a status without a registered phrase.
std::string_view reason_phrase(std::uint16_t status);

}  // namespace gate::http

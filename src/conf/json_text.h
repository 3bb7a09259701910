#pragma once

#include <string>
#include <string_view>

namespace gate::conf {

// `text` as a JSON string with its quotes (RFC 8259 7); bytes that are not UTF-8 become U+FFFD.
std::string json_string(std::string_view text);

}  // namespace gate::conf

#pragma once

#include <string>

namespace gate::http::h2 {

// The version of nghttp2, "1.52.0".
std::string library_version();

}  // namespace gate::http::h2

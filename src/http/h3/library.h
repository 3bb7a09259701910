#pragma once

#include <string>

namespace gate::http::h3 {

// The version of nghttp3, "1.17.0".
std::string library_version();

}  // namespace gate::http::h3

#include "http/h2/library.h"

#include <nghttp2/nghttp2.h>

namespace gate::http::h2 {

std::string library_version() { return nghttp2_version(0)->version_str; }

}  // namespace gate::http::h2

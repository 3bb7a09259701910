#include "http/h3/library.h"

#include <nghttp3/nghttp3.h>

namespace gate::http::h3 {

std::string library_version() { return nghttp3_version(0)->version_str; }

}  // namespace gate::http::h3

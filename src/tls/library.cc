#include "tls/library.h"

#include <openssl/base.h>

namespace gate::tls {

std::string library_version() { return AWSLC_VERSION_NUMBER_STRING; }

}  // namespace gate::tls

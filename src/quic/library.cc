#include "quic/library.h"

#include <ngtcp2/ngtcp2.h>

namespace gate::quic {

std::string library_version() { return ngtcp2_version(0)->version_str; }

}  // namespace gate::quic

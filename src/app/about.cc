#include "app/about.h"

#include "http/h2/library.h"
#include "quic/library.h"
#include "tls/library.h"

namespace gate::app {

std::string_view version() { return GATE_VERSION; }

std::vector<Library> libraries() {
  return {{"aws-lc", tls::library_version()},
          {"nghttp2", http::h2::library_version()},
          {"ngtcp2", quic::library_version()}};
}

}  // namespace gate::app

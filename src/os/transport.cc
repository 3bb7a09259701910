#include "os/transport.h"

namespace gate::os {

std::string_view to_string(Transport transport) { return transport == Transport::kTcp ? "tcp" : "udp"; }

}  // namespace gate::os

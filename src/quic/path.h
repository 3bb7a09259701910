#pragma once

#include "os/udp.h"

namespace gate::quic {

// Between which addresses datagrams travel.
using Path = os::DatagramPath;

}  // namespace gate::quic

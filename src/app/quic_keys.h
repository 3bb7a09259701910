#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "quic/reception.h"

namespace gate::app {

// The secrets of QUIC, kept in the state folder: after a restart clients whose connections are gone are told so
// (RFC 9000 10.3), and a process that takes over reads its predecessor's connection ids. Made when there are none.
base::Result<quic::ServerKeys> load_quic_keys(const std::string& state_folder, base::Random& random);

}  // namespace gate::app

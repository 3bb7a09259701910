#pragma once

#include <compare>
#include <cstdint>

#include "base/ip.h"

namespace gate::quic {

// Between which addresses datagrams travel.
struct Path {
  base::Endpoint local;
  base::Endpoint peer;

  friend auto operator<=>(const Path&, const Path&) = default;
};

}  // namespace gate::quic

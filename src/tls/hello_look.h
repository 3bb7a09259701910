#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "tls/client_hello.h"

namespace gate::tls {

// No client says more; what says more is left to the engine, which refuses it.
inline constexpr std::size_t kHelloBytesMax = 16 * 1024;

// What the first bytes of a connection hold.
struct HelloLook {
  enum class State : std::uint8_t {
    kWhole,
    kIncomplete,
    kNone,  // it is no ClientHello, or none that can be read
  };
  State state = State::kIncomplete;
  ClientHello hello;
};

// Looks for a ClientHello at the front of `bytes`, in as many records as it is spread over (RFC 8446 5.1). It is put
// together in `room`, where the views of the result lie.
HelloLook look_for_client_hello(base::ByteView bytes, std::span<std::byte, kHelloBytesMax> room);

}  // namespace gate::tls

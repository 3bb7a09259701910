#pragma once

#include <cstdint>
#include <string_view>

namespace gate::cert {

// What a certificate proves: a server's names to its clients, or who a client is to a server (mutual TLS).
enum class Purpose : std::uint8_t { kServer, kClient };

// "server", "client".
constexpr std::string_view to_string(Purpose purpose) { return purpose == Purpose::kServer ? "server" : "client"; }

}  // namespace gate::cert

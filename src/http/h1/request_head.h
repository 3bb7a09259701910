#pragma once

#include <cstdint>
#include <expected>

#include "base/arena.h"
#include "http/message.h"
#include "http/request_rules.h"

namespace gate::http::h1 {

// kTunnel, which no head says: to the end of what the client sends.
enum class Framing : std::uint8_t { kNone, kLength, kChunked, kTunnel };

// What the head says about the message itself and its connection (RFC 9112 6 and 9.3).
struct Control {
  Framing framing = Framing::kNone;
  std::uint64_t length = 0;       // of the body, for kLength
  bool keep_alive = true;         // as far as the client is concerned
  bool expects_continue = false;  // the client waits for 100 before it sends the body
};

// Judges a head that HeadParser::fill has copied: the rules between its parts. Completes `request`: target, path,
// authority, host, content_length and has_body. `body_bytes_max` bounds a declared length.
std::expected<Control, RequestFault> judge_head(Request& request, base::Arena& arena, std::uint64_t body_bytes_max);

}  // namespace gate::http::h1

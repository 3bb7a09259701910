#include "tls/hello_look.h"

#include <algorithm>
#include <optional>

namespace gate::tls {
namespace {

using State = HelloLook::State;

constexpr std::size_t kMessageHeaderBytes = 4;

// One record's content, as far as it has come.
struct Fragment {
  base::ByteView bytes;
  bool whole = false;
};

// RFC 8446 5.1: type, version, length, content. Nothing for what is no record of the handshake; an empty fragment where
// its header is not there yet.
std::optional<Fragment> next_fragment(base::ByteReader& reader) {
  constexpr std::uint8_t kHandshake = 22;
  constexpr std::uint16_t kRecordMax = 1 << 14;
  const auto type = reader.u8();
  const auto version = reader.u16();
  const auto length = reader.u16();
  if (type && *type != kHandshake) return std::nullopt;
  if (version && *version >> 8 != 3) return std::nullopt;
  if (!length) return Fragment{};
  // RFC 8446 5.1: "Implementations MUST NOT send zero-length fragments of Handshake types".
  if (*length == 0 || *length > kRecordMax) return std::nullopt;
  const std::size_t there = std::min<std::size_t>(*length, reader.size());
  return Fragment{*reader.bytes(there), there == *length};
}

// The length of the whole message that begins with `bytes`, once it can be told; 0 where it is no ClientHello.
std::optional<std::size_t> message_size(base::ByteView bytes) {
  constexpr std::uint8_t kClientHello = 1;
  base::ByteReader reader(bytes);
  const auto type = reader.u8();
  if (type && *type != kClientHello) return 0;
  const auto length = reader.u24();
  if (!length) return std::nullopt;
  return kMessageHeaderBytes + *length;
}

}  // namespace

HelloLook look_for_client_hello(base::ByteView bytes, std::span<std::byte, kHelloBytesMax> room) {
  base::ByteReader reader(bytes);
  std::size_t gathered = 0;
  for (;;) {
    const auto fragment = next_fragment(reader);
    if (!fragment) return {.state = State::kNone, .hello = {}};
    const std::size_t taken = std::min(fragment->bytes.size(), room.size() - gathered);
    base::copy_bytes(room.subspan(gathered), fragment->bytes.first(taken));
    gathered += taken;
    const auto size = message_size(room.first(gathered));
    if (size && (*size == 0 || *size > room.size())) return {.state = State::kNone, .hello = {}};
    if (size && gathered >= *size) {
      const auto hello = parse_client_hello(room.first(*size).subspan(kMessageHeaderBytes));
      if (!hello) return {.state = State::kNone, .hello = {}};
      return {.state = State::kWhole, .hello = *hello};
    }
    if (!fragment->whole) return {};
  }
}

}  // namespace gate::tls

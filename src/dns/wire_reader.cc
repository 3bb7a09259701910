#include "dns/wire_reader.h"

#include <string_view>

#include "base/text.h"

namespace gate::dns {
namespace {

// RFC 1035 4.1.4: a label's length has 6 bits; 11 in front makes a pointer of 14 bits.
constexpr unsigned kPointer = 0xc0;
constexpr unsigned kPointerHigh = 0x3f;

}  // namespace

std::optional<Name> WireReader::name() {
  base::ByteReader reader = rest_;
  bool followed = false;
  std::string wire;
  // RFC 1035 4.1.4: "a pointer to a prior occurrence". Each one leads further to the front, so that this ends.
  std::size_t bound = position();
  while (true) {
    const auto length = reader.u8();
    if (!length) return std::nullopt;
    if (*length > Name::kLabelBytesMax) {
      const auto low = reader.u8();
      const std::size_t target = (*length & kPointerHigh) << 8U | low.value_or(0);
      if ((*length & kPointer) != kPointer || !low || target >= bound) return std::nullopt;
      if (!followed) rest_ = reader;
      followed = true;
      bound = target;
      reader = base::ByteReader(whole_.subspan(target));
      continue;
    }
    const auto label = reader.bytes(*length);
    if (!label || wire.size() + 1 + *length > Name::kWireBytesMax) return std::nullopt;
    wire.push_back(static_cast<char>(*length));
    wire += base::lowered(base::as_text(*label));
    if (*length == 0) break;
  }
  if (!followed) rest_ = reader;
  return Name::from_wire(std::move(wire));
}

std::optional<WireReader> WireReader::take(std::size_t count) {
  const std::size_t begins = position();
  if (!rest_.bytes(count)) return std::nullopt;
  WireReader part(whole_.first(begins + count));
  part.rest_ = base::ByteReader(part.whole_.subspan(begins));
  return part;
}

}  // namespace gate::dns

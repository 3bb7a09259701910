#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "dns/name.h"

namespace gate::dns {

// Reads a message from its front. Names may point back into what was read before, so it knows the whole.
class WireReader {
 public:
  explicit WireReader(base::ByteView whole) : whole_(whole), rest_(whole) {}

  std::optional<std::uint8_t> u8() { return rest_.u8(); }
  std::optional<std::uint16_t> u16() { return rest_.u16(); }
  std::optional<std::uint32_t> u32() { return rest_.u32(); }
  std::optional<base::ByteView> bytes(std::size_t count) { return rest_.bytes(count); }
  std::optional<base::ByteView> vector16() { return rest_.vector16(); }  // with its length in front
  std::size_t left() const { return rest_.size(); }
  std::size_t position() const { return whole_.size() - rest_.size(); }

  // A name in lower case. Nothing where it breaks its bounds, or where compression does not point backwards.
  std::optional<Name> name();

  // A reader of the next `count` bytes alone, which are taken off; names in them may still point to the front.
  std::optional<WireReader> take(std::size_t count);

 private:
  base::ByteView whole_;
  base::ByteReader rest_;
};

}  // namespace gate::dns

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dns/name.h"

namespace gate::dns {

// Appends what messages and records are made of: big-endian numbers, names, strings with their length.
class WireWriter {
 public:
  void number(std::uint64_t value, unsigned bytes) {
    for (unsigned shift = bytes * 8; shift > 0; shift -= 8) bytes_.push_back(static_cast<char>(value >> (shift - 8)));
  }
  void u8(std::uint8_t value) { number(value, 1); }
  void u16(std::uint16_t value) { number(value, 2); }
  void u32(std::uint32_t value) { number(value, 4); }
  void u48(std::uint64_t value) { number(value, 6); }
  void raw(std::string_view bytes) { bytes_ += bytes; }
  void name(const Name& name) { bytes_ += name.wire(); }

  // With its length in front; 255 and 65 535 bytes at most, which the caller sees to.
  void string8(std::string_view bytes) {
    number(bytes.size(), 1);
    raw(bytes);
  }
  void string16(std::string_view bytes) {
    number(bytes.size(), 2);
    raw(bytes);
  }

  const std::string& bytes() const& { return bytes_; }
  std::string bytes() && { return std::move(bytes_); }

 private:
  std::string bytes_;
};

}  // namespace gate::dns

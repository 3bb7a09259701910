#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "http/hpack/dynamic_table.h"
#include "http/hpack/literals.h"

namespace gate::http::hpack {

// Field sections of one connection, from the wire to lines (RFC 7541).
class Decoder {
 public:
  // See TextReader.
  explicit Decoder(std::span<std::byte> scratch) : texts_(scratch) {}

  using Step = hpack::Step;

  // Before the first line of a section.
  void begin();

  // Takes one representation off the front of `input`; kNothing: the table's size was set. The texts of `line` are
  // valid until the next call, and no longer than `input`.
  Step next(base::ByteReader& input, TableLine& line);

 private:
  Step indexed(base::ByteReader& input, TableLine& line);
  Step literal(base::ByteReader& input, unsigned prefix_bits, bool kept, TableLine& line);
  Step resize(base::ByteReader& input);
  std::optional<TableLine> find(std::uint64_t index) const;

  TextReader texts_;
  DynamicTable table_;
  bool begun_ = false;  // a line of this section was seen
};

}  // namespace gate::http::hpack

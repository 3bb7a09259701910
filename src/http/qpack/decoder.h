#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "http/hpack/dynamic_table.h"
#include "http/hpack/literals.h"

namespace gate::http::qpack {

using hpack::Step;
using hpack::TableLine;

// What stands before the lines of a field section (RFC 9204 4.5.1).
struct SectionPrefix {
  std::uint64_t required = 0;  // so many lines have to be in the table before it can be read
  std::uint64_t base = 0;
};

// Field sections of one connection, from the wire to lines (RFC 9204), and the peer's instructions for the table they
// refer to.
class Decoder {
 public:
  // See hpack::TextReader.
  explicit Decoder(std::span<std::byte> scratch);

  // Takes one instruction off the front of the peer's encoder stream (4.3); kNothing when it was carried out.
  Step instruct(base::ByteReader& input);

  // How many lines were put into the table so far.
  std::uint64_t inserted() const { return inserted_; }

  // Takes the prefix of a section off the front of `input`.
  Step prefix(base::ByteReader& input, SectionPrefix& prefix) const;

  // Takes one representation (4.5) off the front of `input`. The section's required lines are there. The texts of
  // `line` are valid until the next call, and no longer than `input`.
  Step next(base::ByteReader& input, const SectionPrefix& prefix, TableLine& line);

  // Gives back memory that an unusual section has needed.
  void release() { texts_.release(); }

 private:
  Step insert(base::ByteReader& input, std::uint8_t first);
  Step resize(base::ByteReader& input);
  Step add(const TableLine& line);
  Step indexed(base::ByteReader& input, const SectionPrefix& prefix, std::uint8_t first, TableLine& line) const;
  Step literal(base::ByteReader& input, const SectionPrefix& prefix, std::uint8_t first, TableLine& line);
  Step take_name(base::ByteReader& input, const std::optional<TableLine>& known, unsigned prefix_bits, TableLine& line);
  Step take_value(base::ByteReader& input, TableLine& line);

  std::optional<TableLine> newest(std::uint64_t index) const;
  std::optional<TableLine> dynamic(const SectionPrefix& prefix, std::uint64_t absolute) const;
  std::optional<TableLine> relative(const SectionPrefix& prefix, std::uint64_t index) const;

  hpack::TextReader texts_;
  hpack::DynamicTable table_;
  std::uint64_t inserted_ = 0;
};

}  // namespace gate::http::qpack

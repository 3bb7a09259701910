#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/buffer.h"
#include "http/fields.h"
#include "http/hpack/dynamic_table.h"
#include "http/hpack/literals.h"

namespace gate::http::qpack {

// Field sections of one connection, from lines to the wire (RFC 9204). Puts into the peer's table what a site says with
// many responses (see hpack::Encoder), as long as there is room: nothing is ever taken out, so that no section can
// refer to what is gone. Refers only to what the peer has said it has, so that no section of ours ever waits.
class Encoder {
 public:
  Encoder() { table_.set_limit(0); }

  // SETTINGS_QPACK_MAX_TABLE_CAPACITY of the peer. Call once.
  void allow_table(std::uint64_t bytes);

  // Room that a section of `lines` takes at the most.
  static std::size_t bound(std::span<const Field> lines);

  // Writes the section to the front of `out`, of that room; yields its length.
  std::size_t encode(std::span<const Field> lines, std::span<std::byte> out);

  // What is to be sent on the encoder stream. The caller consumes it.
  base::Buffer& instructions() { return instructions_; }

  // Takes one instruction off the front of the peer's decoder stream (4.4); kNothing when it was carried out.
  hpack::Step acknowledge(base::ByteReader& input);

 private:
  void encode_line(const Field& line, hpack::LiteralWriter& writer);
  bool refer(const Field& line, hpack::LiteralWriter& writer);
  void insert(const Field& line);

  hpack::DynamicTable table_;
  base::Buffer instructions_;
  std::uint64_t range_ = 0;  // of the counts in prefixes: twice the most lines the peer's table can have
  std::uint64_t inserted_ = 0;
  std::uint64_t known_ = 0;     // of those, the peer has said it has them
  std::uint64_t sections_ = 0;  // with references, and not acknowledged
  std::uint64_t required_ = 0;  // by the section under way
};

}  // namespace gate::http::qpack

#pragma once

#include <cstddef>
#include <span>

#include "base/buffer.h"
#include "http/fields.h"
#include "http/hpack/dynamic_table.h"
#include "http/hpack/literals.h"

namespace gate::http::hpack {

// Field sections of one connection, from lines to the wire (RFC 7541). The table gets what is the same in many
// responses of a site (its security fields are most of a small response's head); what changes from one to the next
// (dates, tags, lengths) is not worth the search. Texts are not compressed: their bytes are cheaper to send than to
// encode.
class Encoder {
 public:
  // SETTINGS_HEADER_TABLE_SIZE of the peer.
  void limit_table(std::size_t bytes);

  // Room that a section of `lines` takes at the most.
  static std::size_t bound(std::span<const Field> lines);

  // Writes the section to the front of `out`, of that room; yields its length. Sections are sent in the order in which
  // they were encoded.
  std::size_t encode(std::span<const Field> lines, std::span<std::byte> out);

 private:
  void announce_limit(LiteralWriter& writer);
  void encode_line(const Field& line, LiteralWriter& writer);
  void remember(const Field& line, std::size_t static_index, LiteralWriter& writer);

  DynamicTable table_;
  std::size_t lowest_limit_ = kTableBytesMax;  // since the last section
  bool limit_changed_ = false;
};

}  // namespace gate::http::hpack

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "http/hpack/dynamic_table.h"

namespace gate::http::hpack {

// Field sections of one connection, from the wire to lines (RFC 7541).
class Decoder {
 public:
  // Strings that come compressed are put into `scratch` where they fit. It outlives the decoder, but may be used by
  // others between calls; empty: the decoder has memory of its own.
  explicit Decoder(std::span<std::byte> scratch) : scratch_(scratch) {}

  enum class Step : std::uint8_t {
    kLine,
    kNothing,     // the table's size was set
    kIncomplete,  // nothing was taken: the rest is still to come
    kMalformed,
  };

  // Before the first line of a section.
  void begin();

  // Takes one representation off the front of `input`. The texts of `line` are valid until the next call, and no longer
  // than `input`.
  Step next(base::ByteReader& input, TableLine& line);

 private:
  struct Text {
    Step step;
    std::string_view text{};
  };

  Step indexed(base::ByteReader& input, TableLine& line);
  Step literal(base::ByteReader& input, unsigned prefix_bits, bool kept, TableLine& line);
  Step resize(base::ByteReader& input);
  Text string(base::ByteReader& input, std::span<std::byte>& room, std::vector<std::byte>& overflow);
  std::optional<TableLine> find(std::uint64_t index) const;

  std::span<std::byte> scratch_;
  DynamicTable table_;
  std::vector<std::byte> long_name_;  // what does not fit into `scratch_`
  std::vector<std::byte> long_value_;
  bool begun_ = false;  // a line of this section was seen
};

// Whether RFC 9113 8.2.1 allows the name and the value of a field, a pseudo-field's too.
bool is_good_name(FieldId id, std::string_view name);

}  // namespace gate::http::hpack

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "http/field_id.h"

// The numbers and strings that representations are made of (RFC 7541 5; RFC 9204 4.1 uses them too).
namespace gate::http::hpack {

enum class Step : std::uint8_t {
  kLine,        // what was to be read is there
  kNothing,     // something else was: an instruction, without a line
  kIncomplete,  // nothing was taken: the rest is still to come
  kMalformed,
  kTooLong,  // a text above every limit; no use in waiting for it
};

struct Number {
  Step step;
  std::uint64_t value = 0;
};

// A number behind the upper bits of its first octet (RFC 7541 5.1).
Number read_number(base::ByteReader& input, unsigned prefix_bits);

// Reads strings. What comes compressed is put into memory of the worker's where it fits.
class TextReader {
 public:
  // `scratch` outlives it, but may be used by others between calls of begin(); empty: it has memory of its own.
  explicit TextReader(std::span<std::byte> scratch) : scratch_(scratch) {}

  struct Text {
    Step step;
    std::string_view text{};
  };

  // Forgets what was read: before each line.
  void begin() { room_ = scratch_; }
  // Gives back memory that an unusual line has needed.
  void release();

  // A name or a value: its length stands behind a bit that says whether it is compressed. Valid until begin(), and no
  // longer than `input`. One of each in a line.
  Text name(base::ByteReader& input, unsigned prefix_bits) { return read(input, prefix_bits, long_name_); }
  Text value(base::ByteReader& input) { return read(input, 7, long_value_); }

 private:
  Text read(base::ByteReader& input, unsigned prefix_bits, std::vector<std::byte>& overflow);

  std::span<std::byte> scratch_;
  std::span<std::byte> room_ = scratch_;
  std::vector<std::byte> long_name_;  // what does not fit
  std::vector<std::byte> long_value_;
};

// Writes representations to the front of memory that is large enough (kNumberBytesMax a number).
inline constexpr std::size_t kNumberBytesMax = 6;

struct Form {
  std::uint8_t pattern;  // the upper bits
  unsigned prefix_bits;  // of the number behind them
};

class LiteralWriter {
 public:
  explicit LiteralWriter(std::span<std::byte> out) : out_(out) {}

  // RFC 7541 5.1.
  void number(Form form, std::size_t value);
  // As it is: `length` says where its length goes.
  void string(Form length, std::string_view text);
  void value(std::string_view text) { string({0x00, 7}, text); }

  std::size_t count() const { return count_; }

 private:
  void octet(std::size_t value) { out_[count_++] = static_cast<std::byte>(value); }

  std::span<std::byte> out_;
  std::size_t count_ = 0;
};

// Whether an encoder puts the line into the table, because a site says it with many responses.
bool is_remembered(FieldId id);

// RFC 7541 7.1.3: what somebody could guess byte by byte from the length of what is sent.
bool is_secret(FieldId id);

// Whether RFC 9113 8.2.1 and RFC 9114 4.2 allow the name of a field, a pseudo-field's too.
bool is_good_name(FieldId id, std::string_view name);

}  // namespace gate::http::hpack

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/text.h"

namespace gate::observe {

// Writes text into a fixed piece of memory. What does not fit is left out; nothing is ever written beyond the end.
class TextWriter {
 public:
  explicit TextWriter(std::span<char> room) : begin_(room.data()), next_(begin_), end_(begin_ + room.size()) {}

  std::string_view text() const { return {begin_, static_cast<std::size_t>(next_ - begin_)}; }
  std::size_t room() const { return static_cast<std::size_t>(end_ - next_); }

  void put(char c) {
    if (next_ != end_) *next_++ = c;
  }
  void put(std::string_view raw) {
    // The usual case with a length the compiler may know: most of a line is fixed text.
    if (raw.size() <= room()) [[likely]] {
      base::copy_bytes(std::as_writable_bytes(std::span(next_, raw.size())), base::as_bytes(raw));
      next_ += raw.size();
    } else {
      put_what_fits(raw);
    }
  }
  void put_number(std::uint64_t value);
  void put_padded(std::uint64_t value, unsigned digits);  // with leading zeros
  void put_hex16(std::uint64_t value);                    // sixteen digits

  // The inside of a JSON string (RFC 8259 7): always valid UTF-8, and nothing in it moves a terminal or breaks a line.
  // Bytes that are no UTF-8 become U+FFFD; controls, line separators and direction overrides are written as \uXXXX. At
  // most `bytes_max` bytes are written, and text that was cut ends in "…".
  void put_json(std::string_view value, std::size_t bytes_max);

  // For the common log formats: a quote, a backslash and everything that is not printable ASCII is written as \xHH, as
  // Apache does. At most `bytes_max` bytes are written.
  void put_quoted(std::string_view value, std::size_t bytes_max);

 private:
  void put_what_fits(std::string_view raw);

  char* begin_;
  char* next_;
  char* end_;
};

}  // namespace gate::observe

#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <string_view>

#include "base/buffer.h"
#include "base/text.h"
#include "http/fields.h"

// Text of message heads, as requests and responses write it.
namespace gate::http::h1 {

inline constexpr std::string_view kLineEnd = "\r\n";

// Text put together at the end of a buffer, whose room is reserved once.
class Appender {
 public:
  Appender(base::Buffer& out, std::size_t bytes_max) : out_(out), room_(out.prepare(bytes_max)) {}
  ~Appender() { out_.commit(size_); }
  Appender(const Appender&) = delete;
  Appender& operator=(const Appender&) = delete;

  void put(std::string_view text) {
    base::copy_bytes(room_.subspan(size_), base::as_bytes(text));
    size_ += text.size();
  }

  void put_line(std::string_view name, std::string_view value) {
    put(name);
    put(": ");
    put(value);
    put(kLineEnd);
  }

 private:
  base::Buffer& out_;
  std::span<std::byte> room_;
  std::size_t size_ = 0;
};

// A number as text, without memory of its own elsewhere.
class Digits {
 public:
  explicit Digits(std::uint64_t value, int base = 10)
      : end_(std::to_chars(text_.data(), text_.data() + text_.size(), value, base).ptr) {}
  std::string_view view() const { return {text_.data(), end_}; }

 private:
  std::array<char, 20> text_;
  char* end_;
};

inline std::string_view written_name(const Field& field) {
  return field.id == FieldId::kUnknown ? field.name : field_display_name(field.id);
}

// What field lines take at most: name, colon, blank, value, line end.
inline std::size_t written_bytes(const FieldList& fields) {
  std::size_t bytes = 0;
  for (const Field& field : fields) bytes += field.name.size() + field.value.size() + 4;
  return bytes;
}

}  // namespace gate::http::h1

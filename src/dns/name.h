#pragma once

#include <compare>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace gate::dns {

// A domain name from the root, in lower case (RFC 4343: case means nothing). Held as it is sent: labels with their
// lengths in front, uncompressed (RFC 1035 3.1).
class Name {
 public:
  static constexpr std::size_t kWireBytesMax = 255;
  static constexpr std::size_t kLabelBytesMax = 63;

  Name() : wire_(1, '\0') {}  // the root

  // "example.com" or "example.com."; "." is the root. Nothing for what has an empty or too long label, or is too long.
  // No escapes: a dot always ends a label.
  static std::optional<Name> parse(std::string_view text);

  // Labels with their lengths up to the root's, in lower case and within the bounds.
  static Name from_wire(std::string wire) { return Name(std::move(wire)); }

  // "example.com" without the final dot; "." for the root. Bytes that are not printable, dots within labels and
  // backslashes are written \DDD (RFC 4343 2.1).
  std::string to_string() const;

  const std::string& wire() const { return wire_; }
  bool is_root() const { return wire_.size() == 1; }
  std::string_view first_label() const { return std::string_view(wire_).substr(1, length_of_first()); }

  // Without its first label; the root is its own parent.
  Name parent() const;

  // "_acme-challenge" in front of "example.com". Nothing when that is too long.
  std::optional<Name> child(std::string_view label) const;

  // Whether it is `ancestor` or a name below that.
  bool is_within(const Name& ancestor) const;

  friend auto operator<=>(const Name&, const Name&) = default;

 private:
  explicit Name(std::string wire) : wire_(std::move(wire)) {}
  std::size_t length_of_first() const { return static_cast<unsigned char>(wire_.front()); }

  std::string wire_;
};

}  // namespace gate::dns

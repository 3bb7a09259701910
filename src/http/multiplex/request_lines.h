#pragma once

#include <cstdint>
#include <optional>

#include "http/fields.h"

namespace gate::http::multiplex {

// What RFC 9113 8.2 and 8.3 demand of the lines of a request's field section, one after the other, and RFC 9114 4.2 and
// 4.3 in the same words: which pseudo-fields there are and where, and what has its place in HTTP/1.1 alone. A section
// that breaks them is malformed (RFC 9113 8.1.1, RFC 9114 4.1.2).
class RequestLines {
 public:
  // `trailers`: the section stands behind a body.
  explicit RequestLines(bool trailers) : trailers_(trailers) {}

  // Whether the section may go on. The characters of name and value were looked at before.
  [[nodiscard]] bool take(const Field& line);

  // Whether it has all it needs, once it has ended.
  bool complete() const;

  // As declared by the request; nothing for CONNECT, whose bytes are no content.
  std::optional<std::uint64_t> content_length() const;

 private:
  enum Seen : std::uint16_t {
    kMethod = 1,
    kScheme = 2,
    kPath = 4,
    kAuthority = 8,
    kProtocol = 16,
    kHost = 32,
    kConnect = 64,    // the method
    kOptions = 128,   // the method
    kAsterisk = 256,  // the path
    kRegular = 512,   // a line that is no pseudo-field
  };

  bool see(Seen what);
  bool saw(Seen what) const { return (seen_ & what) != 0; }
  bool take_pseudo(const Field& line);
  bool take_path(std::string_view path);

  std::optional<std::uint64_t> content_length_;
  std::uint16_t seen_ = 0;
  bool trailers_;
};

}  // namespace gate::http::multiplex

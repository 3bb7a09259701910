#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace gate::alert {

// What a mail server says to one command (RFC 5321 4.2).
struct SmtpReply {
  std::uint16_t code = 0;
  std::vector<std::string> lines;  // without code and line end

  // RFC 5321 4.2.1: done, or waiting for the text that follows.
  bool is_complete() const { return code >= 200 && code < 300; }
  bool is_intermediate() const { return code >= 300 && code < 400; }
  // "550 no such user": on one line.
  std::string to_string() const;
};

// Puts replies together from bytes as they arrive.
class SmtpReplyReader {
 public:
  // RFC 5321 4.5.3.1.5 allows 512 bytes a line; servers write longer ones. A server that goes on for ever is no server.
  static constexpr std::size_t kLineBytesMax = 2048;
  static constexpr std::size_t kLinesMax = 100;

  // Takes `bytes`; false when what has come is no reply. Then nothing more is to be given.
  [[nodiscard]] bool take(base::ByteView bytes);

  // The next complete reply.
  std::optional<SmtpReply> next();

  // Whether there is anything behind the replies taken out: a complete one, or the beginning of one.
  bool has_more() const { return !ready_.empty() || !line_.empty() || !current_.lines.empty(); }

 private:
  bool take_line(std::string_view line);

  std::string line_;
  SmtpReply current_;
  std::vector<SmtpReply> ready_;
};

}  // namespace gate::alert

#include "alert/smtp_reply.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace gate::alert {

namespace {

constexpr std::size_t kRepliesMax = 16;  // unanswered: commands are sent one at a time

// For logs and terminals: what a server says is shown to people.
std::string printable(std::string_view text) {
  std::string safe(text);
  std::ranges::replace_if(safe, [](char c) { return c < ' ' || c == 0x7f; }, '?');
  return safe;
}

}  // namespace

std::string SmtpReply::to_string() const {
  std::string text = fmt::format("{}", code);
  for (const auto& line : lines) text += " " + line;
  constexpr std::size_t kShownMax = 400;
  return text.substr(0, kShownMax);
}

bool SmtpReplyReader::take(base::ByteView bytes) {
  for (const char c : base::as_text(bytes)) {
    if (c != '\n') {
      if (line_.size() >= kLineBytesMax) return false;
      line_ += c;
      continue;
    }
    // RFC 5321 2.3.8 ends lines with CRLF; a bare LF is taken too, nothing follows from the difference here.
    if (line_.ends_with('\r')) line_.pop_back();
    if (!take_line(std::exchange(line_, {}))) return false;
  }
  return true;
}

// RFC 5321 4.2.1: "250-first line", and "250 last line"; a space may be missing behind a code that stands alone.
bool SmtpReplyReader::take_line(std::string_view line) {
  constexpr std::size_t kDigits = 3;
  const auto code = line.size() < kDigits ? std::nullopt : base::parse_number<std::uint16_t>(line.substr(0, kDigits));
  const char mark = line.size() > kDigits ? line[kDigits] : ' ';
  if (!code || *code < 200 || *code > 599 || (mark != ' ' && mark != '-')) return false;
  const bool is_first = current_.lines.empty();
  if (!is_first && *code != current_.code) return false;
  if (current_.lines.size() >= kLinesMax || ready_.size() >= kRepliesMax) return false;
  current_.code = *code;
  current_.lines.push_back(printable(line.substr(std::min(line.size(), kDigits + 1))));
  if (mark == ' ') ready_.push_back(std::exchange(current_, {}));
  return true;
}

std::optional<SmtpReply> SmtpReplyReader::next() {
  if (ready_.empty()) return std::nullopt;
  SmtpReply reply = std::move(ready_.front());
  ready_.erase(ready_.begin());
  return reply;
}

}  // namespace gate::alert

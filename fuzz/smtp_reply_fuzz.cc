#include <cstddef>
#include <cstdint>
#include <span>

#include "alert/smtp_reply.h"
#include "base/check.h"

using gate::alert::SmtpReplyReader;

// What a mail server says makes replies within their bounds, whatever pieces it arrives in.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  SmtpReplyReader whole;
  SmtpReplyReader pieces;
  const bool taken = whole.take(bytes);
  bool taken_in_pieces = true;
  for (std::size_t i = 0; i < bytes.size() && taken_in_pieces; ++i) taken_in_pieces = pieces.take(bytes.subspan(i, 1));
  GATE_CHECK(taken == taken_in_pieces);
  while (const auto reply = whole.next()) {
    GATE_CHECK(reply->code >= 200 && reply->code <= 599);
    GATE_CHECK(!reply->lines.empty() && reply->lines.size() <= SmtpReplyReader::kLinesMax);
    const auto same = pieces.next();
    GATE_CHECK(same && same->to_string() == reply->to_string());
  }
  return 0;
}

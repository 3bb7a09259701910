#pragma once

#include <span>
#include <string>

#include "alert/notice.h"
#include "alert/settings.h"
#include "base/clock.h"

namespace gate::alert {

// What messages say of themselves.
struct MessageFacts {
  std::string host;  // this machine's name
  base::WallTime now;
  std::string id;  // unique among all messages: letters and digits
};

// A mail (RFC 5322) about the notices: lines end in CRLF, header fields hold printable ASCII only, whatever stood in
// names and texts.
std::string mail_text(const MailRoute& route, std::span<const Notice> notices, const MessageFacts& facts);

// The JSON that webhooks get. "text" is what chat programs show.
std::string webhook_text(std::span<const Notice> notices, const MessageFacts& facts);

// RFC 4648 4, with padding.
std::string to_base64(std::string_view bytes);

}  // namespace gate::alert

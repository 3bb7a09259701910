#include "alert/settings.h"

#include <fmt/format.h>

namespace gate::alert {

std::string MailServer::to_string() const {
  const bool is_v6 = host.find(':') != std::string::npos;
  return fmt::format("{}://{}{}{}:{}", implicit_tls ? "smtps" : "smtp", is_v6 ? "[" : "", host, is_v6 ? "]" : "", port);
}

}  // namespace gate::alert

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cert/verify.h"

namespace gate::alert {

// A program that is told by a POST of JSON.
struct Webhook {
  std::string url;
  std::string bearer{};  // a secret; empty: none

  friend bool operator==(const Webhook&, const Webhook&) = default;
};

// Where mail is handed in.
struct MailServer {
  std::string host;  // a name or an address without brackets
  std::uint16_t port = 0;
  bool implicit_tls = false;  // TLS from the first byte (RFC 8314 3); else by STARTTLS

  // "smtps://mail.example.com:465"
  std::string to_string() const;

  friend bool operator==(const MailServer&, const MailServer&) = default;
};

// People who are told by mail.
struct MailRoute {
  std::string from;
  std::vector<std::string> to;
  MailServer server;
  std::string user{};      // empty: without logging in
  std::string password{};  // a secret

  friend bool operator==(const MailRoute&, const MailRoute&) = default;
};

struct Settings {
  std::vector<Webhook> webhooks{};
  std::vector<MailRoute> mails{};
  std::shared_ptr<const cert::Roots> roots{};  // who vouches for these servers; null: whom the system trusts

  bool empty() const { return webhooks.empty() && mails.empty(); }
};

}  // namespace gate::alert

#include "app/read_alerts.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "app/read_roots.h"
#include "base/text.h"
#include "client/url.h"
#include "conf/table.h"

namespace gate::app {
namespace {

using Context = conf::Context<alert::Settings>;

constexpr std::size_t kRecipientsMax = 50;

// The words behind `name`, each of which is followed by one value: "user NAME password SECRET".
const conf::Word* value_of(std::span<const conf::Word> words, std::string_view name) {
  const auto found = std::ranges::find(words, name, &conf::Word::text);
  return found == words.end() || found + 1 == words.end() ? nullptr : &*(found + 1);
}

// webhook URL [bearer SECRET]
void read_webhook(Context& context, const conf::Statement& statement) {
  const auto& words = statement.args;
  const auto url = client::Url::parse(words[0].text);
  if (!url) return context.reader.error(conf::kBadChoice, words[0], url.error().what, url.error().why);
  if (!url->server.secure() && !url->server.is_this_machine()) {
    return context.reader.error(conf::kContradiction, words[0],
                                "everybody on the way could read and change the message",
                                "use https://; http:// is for programs on this machine");
  }
  alert::Webhook webhook{.url = words[0].text};
  if (words.size() > 1) {
    if (words[1].text != "bearer" || words.size() != 3)
      return context.reader.error(conf::kBadChoice, words[1], "behind the URL comes at most a secret",
                                  "webhook URL bearer file:PATH");
    auto secret = context.reader.secret(words[2]);
    if (!secret) return;
    webhook.bearer = std::move(*secret).reveal();
  }
  context.plan.webhooks.push_back(std::move(webhook));
}

// RFC 5321 4.1.2 without quoted parts and comments, which nobody's alarms are sent to.
std::optional<std::string> read_address(const conf::Word& word, conf::Reader& reader) {
  constexpr std::size_t kBytesMax = 254;  // RFC 5321 4.5.3.1.3, without the angle brackets
  constexpr std::string_view kMarks = "!#$%&'*+-/=?^_`{|}~.@";
  const auto fits = [&](char c) { return base::is_alpha(c) || base::is_digit(c) || kMarks.contains(c); };
  const std::string_view text = word.text;
  const auto at = text.find('@');
  const bool has_parts = at != std::string_view::npos && at > 0 && at + 1 < text.size() && text.rfind('@') == at;
  if (has_parts && text.size() <= kBytesMax && std::ranges::all_of(text, fits)) return word.text;
  reader.error(conf::kBadChoice, word, fmt::format("{} is no address of mail", conf::shown(text)),
               "such as ops@example.com");
  return std::nullopt;
}

// "smtps://HOST[:PORT]", "smtp://HOST[:PORT]".
std::optional<alert::MailServer> read_server(const conf::Word& word, conf::Reader& reader) {
  constexpr std::string_view kTls = "smtps://";
  constexpr std::string_view kStartTls = "smtp://";
  constexpr std::uint16_t kTlsPort = 465;
  constexpr std::uint16_t kSubmissionPort = 587;
  const bool implicit_tls = word.text.starts_with(kTls);
  if (!implicit_tls && !word.text.starts_with(kStartTls)) {
    reader.error(conf::kBadChoice, word, fmt::format("{} is no mail server", conf::shown(word.text)),
                 "such as smtps://mail.example.com:465, or smtp://mail.example.com:587 with STARTTLS");
    return std::nullopt;
  }
  conf::Word rest = word;
  rest.text.erase(0, implicit_tls ? kTls.size() : kStartTls.size());
  const auto place = reader.host_port(rest, implicit_tls ? kTlsPort : kSubmissionPort);
  if (!place) return std::nullopt;
  return alert::MailServer{.host = place->host, .port = place->port, .implicit_tls = implicit_tls};
}

bool read_login(std::span<const conf::Word> words, alert::MailRoute& route, conf::Reader& reader) {
  if (words.empty()) return true;
  const conf::Word* user = value_of(words, "user");
  const conf::Word* password = value_of(words, "password");
  if (words.size() != 4 || user == nullptr || password == nullptr) {
    reader.error(conf::kBadChoice, words.front(), "behind the server come a user and a password, or nothing",
                 "user NAME password file:PATH");
    return false;
  }
  // A NUL would end the name within AUTH PLAIN; the reader of texts takes none.
  auto secret = reader.secret(*password);
  if (!secret) return false;
  route.user = user->text;
  route.password = std::move(*secret).reveal();
  return true;
}

// mail FROM to ADDRESS… via SERVER [user NAME password SECRET]
void read_mail(Context& context, const conf::Statement& statement) {
  const std::span<const conf::Word> words(statement.args);
  const auto via = std::ranges::find(words, "via", &conf::Word::text);
  const auto recipients = static_cast<std::size_t>(via - words.begin());
  if (words[1].text != "to" || via == words.end() || via + 1 == words.end() || recipients < 3) {
    return context.reader.error(conf::kBadChoice, words[1], "a mail has a sender, recipients and a server",
                                "mail FROM to ADDRESS… via smtps://HOST");
  }
  alert::MailRoute route;
  auto from = read_address(words[0], context.reader);
  for (const auto& word : words.subspan(2, recipients - 2)) {
    if (auto to = read_address(word, context.reader)) route.to.push_back(*std::move(to));
  }
  const auto server = read_server(*(via + 1), context.reader);
  const bool has_login = read_login(words.subspan(recipients + 2), route, context.reader);
  if (!from || !server || !has_login || route.to.empty()) return;
  route.from = *std::move(from);
  route.server = *server;
  context.plan.mails.push_back(std::move(route));
}

// trust FILE
void read_trust(Context& context, const conf::Statement& statement) {
  if (auto named = read_roots(statement.args[0], context.reader)) context.plan.roots = std::move(named->roots);
}

constexpr conf::Directive<alert::Settings> kDirectives[] = {
    {.name = "webhook",
     .synopsis = "webhook URL [bearer SECRET]",
     .summary = "A program that is told of alarms by a POST of JSON.",
     .args = {1, 3},
     .occurs = conf::Occurs::kRepeated,
     .handle = read_webhook},
    {.name = "mail",
     .synopsis = "mail FROM to ADDRESS… via SERVER [user NAME password SECRET]",
     .summary = "People who are told of alarms by mail, and the server that takes it.",
     .args = {5, kRecipientsMax + 8},
     .occurs = conf::Occurs::kRepeated,
     .handle = read_mail},
    {.name = "trust",
     .synopsis = "trust FILE",
     .summary = "The roots that vouch for these servers, in place of the system's.",
     .args = {1, 1},
     .handle = read_trust},
};

}  // namespace

alert::Settings read_alerts(const conf::Statement& statement, conf::Reader& reader) {
  alert::Settings settings;
  conf::read_block<alert::Settings>(statement, kDirectives, settings, reader);
  return settings;
}

std::vector<StatementHelp> alert_help() {
  std::vector<StatementHelp> help;
  for (const auto& row : kDirectives) help.push_back({row.name, row.synopsis, row.summary, "alerts"});
  return help;
}

}  // namespace gate::app

#include "alert/message.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/timestamp.h"

namespace gate::alert {

namespace {

constexpr std::size_t kNoticesMax = 200;  // of one message: what follows is counted, not shown

// A line break here would begin another field, or the body.
std::string header_text(std::string_view text) {
  std::string safe(text);
  std::ranges::replace_if(safe, [](char c) { return c < ' ' || c > '~'; }, '?');
  return safe;
}

std::string subject(std::span<const Notice> notices, std::string_view host) {
  const auto& first = notices.front();
  if (first.occasion == Occasion::kTest) return fmt::format("[gate443] a test from {}", host);
  constexpr std::size_t kSubjectMax = 60;
  const std::string line = to_line(first).substr(0, kSubjectMax);
  if (notices.size() == 1) return fmt::format("[gate443] {}", line);
  return fmt::format("[gate443] {} and {} more", line, notices.size() - 1);
}

std::string body(std::span<const Notice> notices, std::string_view host) {
  std::string text = fmt::format("Gate443 on {} has this to say about its certificates:\n\n", host);
  for (const Notice& each : notices.first(std::min(notices.size(), kNoticesMax)))
    text += fmt::format("  {}\n", to_line(each));
  if (notices.size() > kNoticesMax) text += fmt::format("  ... and {} more\n", notices.size() - kNoticesMax);
  text += "\n\"gate443 cert check\" says how things are now, \"gate443 cert show NAME\" all about one certificate.\n";
  return text;
}

// Base64 in lines of 76 (RFC 2045 6.8): any text goes through any server, and no line of it means anything to SMTP.
std::string in_lines(std::string_view base64) {
  constexpr std::size_t kColumns = 76;
  std::string text;
  for (; !base64.empty(); base64.remove_prefix(std::min(kColumns, base64.size())))
    text += fmt::format("{}\r\n", base64.substr(0, kColumns));
  return text;
}

}  // namespace

std::string to_base64(std::string_view bytes) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto at = [&](std::size_t k) {
      return k < bytes.size() ? static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[k])) : 0U;
    };
    const std::uint32_t group = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
    const std::size_t letters = std::min<std::size_t>(bytes.size() - i, 3) + 1;
    for (std::size_t k = 0; k < 4; ++k) text += k < letters ? kLetters[group >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

std::string mail_text(const MailRoute& route, std::span<const Notice> notices, const MessageFacts& facts) {
  const auto time = std::chrono::system_clock::to_time_t(facts.now);
  std::string text;
  const auto field = [&](std::string_view name, std::string_view value) {
    text += fmt::format("{}: {}\r\n", name, header_text(value));
  };
  field("From", fmt::format("Gate443 <{}>", route.from));
  field("To", fmt::format("{}", fmt::join(route.to, ", ")));
  field("Subject", subject(notices, facts.host));
  field("Date", fmt::format("{:%a, %d %b %Y %H:%M:%S +0000}", fmt::gmtime(time)));
  field("Message-ID", fmt::format("<{}@{}>", facts.id, facts.host));
  field("MIME-Version", "1.0");
  field("Content-Type", "text/plain; charset=utf-8");
  field("Content-Transfer-Encoding", "base64");
  field("Auto-Submitted", "auto-generated");  // RFC 3834 5: nobody's absence note answers it
  return text + "\r\n" + in_lines(to_base64(body(notices, facts.host)));
}

std::string webhook_text(std::span<const Notice> notices, const MessageFacts& facts) {
  auto alarms = nlohmann::json::array();
  std::string text;
  for (const Notice& each : notices.first(std::min(notices.size(), kNoticesMax))) {
    alarms.push_back({{"occasion", to_string(each.occasion)},
                      {"site", each.problem.subject},
                      {"concern", each.problem.concern},
                      {"text", each.problem.text}});
    text += fmt::format("{}{}", text.empty() ? "" : "\n", to_line(each));
  }
  const nlohmann::json message{{"source", "gate443"},     {"host", facts.host}, {"time", base::to_timestamp(facts.now)},
                               {"count", notices.size()}, {"text", text},       {"alarms", alarms}};
  return message.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace gate::alert

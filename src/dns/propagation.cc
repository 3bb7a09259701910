#include "dns/propagation.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>
#include <utility>

#include "dns/codes.h"
#include "dns/query.h"
#include "dns/rdata.h"

namespace gate::dns {
namespace {

std::vector<std::string> texts_at(const Message& message, const Name& name) {
  std::vector<std::string> texts;
  for (const auto& record : message.answers) {
    if (record.name != name) continue;
    if (auto text = text_in(record)) texts.push_back(*std::move(text));
  }
  return texts;
}

// Texts of strangers, for a message: a few, and nothing that a terminal would take for more than text.
std::string shown(const std::vector<std::string>& texts) {
  constexpr std::size_t kTextsMax = 3;
  constexpr std::size_t kBytesMax = 64;
  std::string line;
  for (const auto& text : texts | std::views::take(kTextsMax)) {
    std::string plain = text.substr(0, kBytesMax);
    std::ranges::replace_if(plain, [](char c) { return c < ' ' || c > '~'; }, '?');
    line += fmt::format("{}\"{}\"", line.empty() ? "" : ", ", plain);
  }
  return texts.size() > kTextsMax ? fmt::format("{} and {} more", line, texts.size() - kTextsMax) : line;
}

}  // namespace

void Propagation::start(Place place, std::string text, base::Duration patience, Done done) {
  place_ = std::move(place);
  text_ = std::move(text);
  patience_ = patience;
  deadline_ = context_.loop.now() + patience;
  done_ = std::move(done);
  looks_.resize(place_.servers.size());
  look();
}

void Propagation::look() {
  exchanges_.clear();
  exchanges_.reserve(looks_.size());
  unanswered_ = static_cast<std::size_t>(std::ranges::count(looks_, false, &Look::shown));
  for (std::size_t i = 0; i < looks_.size(); ++i) {
    if (!looks_[i].shown) ask(i);
  }
}

void Propagation::ask(std::size_t server) {
  exchanges_.emplace_back(context_).start(
      query(place_.name, Type::kTxt, place_.servers[server].addresses, Asked::kAuthoritative),
      [this, server](const base::Result<Answer>& answer) { take(server, answer); });
}

void Propagation::take(std::size_t server, const base::Result<Answer>& answer) {
  Look& look = looks_[server];
  if (!answer) {
    look.what = fmt::format("no answer ({})", answer.error().why);
  } else if (const auto good = check_answer(*answer); !good) {
    look.what = to_string(answer->message.rcode);
  } else {
    const auto texts = texts_at(answer->message, place_.name);
    look.shown = std::ranges::find(texts, text_) != texts.end();
    look.what = texts.empty() ? "no such record" : shown(texts);
  }
  if (--unanswered_ == 0) judge();
}

void Propagation::judge() {
  if (std::ranges::all_of(looks_, &Look::shown)) return std::exchange(done_, nullptr)({});
  if (context_.loop.now() + pause_ > deadline_) return std::exchange(done_, nullptr)(base::fail(not_shown()));
  context_.loop.arm(*this, context_.loop.now() + pause_);
  pause_ = std::min<base::Duration>(pause_ * 2, kLastPause);
}

base::Error Propagation::not_shown() const {
  std::string why;
  for (std::size_t i = 0; i < looks_.size(); ++i) {
    why += fmt::format("{}{}: {}", why.empty() ? "" : "; ", place_.servers[i].name.to_string(),
                       looks_[i].shown ? "shows it" : looks_[i].what);
  }
  const auto missing = std::ranges::count(looks_, false, &Look::shown);
  return {.code = kNotPropagated,
          .side = base::Side::kUpstream,
          .retry = base::Retry::kLater,
          .what = fmt::format("{} of {} name servers of {} do not show the TXT record {} after {} s", missing,
                              looks_.size(), place_.zone.to_string(), place_.name.to_string(),
                              std::chrono::duration_cast<std::chrono::seconds>(patience_).count()),
          .why = std::move(why),
          .fix = "see that all of them get the zone's changes, or wait longer with \"propagation\""};
}

}  // namespace gate::dns

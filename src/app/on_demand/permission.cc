#include "app/on_demand/permission.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace gate::app {

bool is_allowed(const OnDemandSettings& settings, std::string_view name) {
  const auto dot = name.find('.');
  const std::string_view parent = dot == std::string_view::npos ? std::string_view() : name.substr(dot);
  return std::ranges::any_of(settings.allow, [&](std::string_view pattern) {
    return pattern == name || (pattern.starts_with('*') && dot != 0 && pattern.substr(1) == parent);
  });
}

// The name is made of letters, digits, hyphens, underscores and dots: none needs an escape in a query.
void Permission::ask(const std::string& name, const OnDemandSettings& settings, Done done) {
  constexpr std::size_t kAnswerBytesMax = 64 * 1024;  // it is not read; this is room for somebody's error page
  const char separator = settings.ask.contains('?') ? '&' : '?';
  auto& question = questions_[name];
  question = std::make_unique<client::Fetch>(context_, settings.roots);
  question->start({.url = fmt::format("{}{}domain={}", settings.ask, separator, name),
                   .deadline = kDeadline,
                   .response_bytes_max = kAnswerBytesMax},
                  [this, name, url = settings.ask, done = std::move(done)](const auto& response) {
                    answered(name, url, done, response);
                  });
}

void Permission::answered(const std::string& name, const std::string& url, const Done& done,
                          const base::Result<client::FetchResponse>& response) {
  questions_.erase(name);
  constexpr std::uint16_t kOk = 200;
  if (!response) return done({Verdict::kUnknown, fmt::format("{}: {}", response.error().what, response.error().why)});
  if (response->status == kOk) return done({Verdict::kAllowed, {}});
  done({Verdict::kRefused, fmt::format("{} answers {}", url, response->status)});
}

}  // namespace gate::app

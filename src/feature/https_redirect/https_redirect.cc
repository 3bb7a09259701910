#include "feature/https_redirect/https_redirect.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "base/text.h"
#include "feature/https_redirect/codes.h"
#include "http/arena_text.h"
#include "http/exchange.h"
#include "http/url_text.h"

namespace gate::https_redirect {
namespace {

constexpr std::string_view kChallengePath = "/.well-known/acme-challenge/";

// RFC 8555 8.3: "A token [...] MUST NOT contain any characters outside the base64url alphabet". Real ones have 43; the
// bound keeps nonsense away from the source.
bool is_token(std::string_view text) {
  constexpr std::size_t kTokenBytesMax = 128;
  return !text.empty() && text.size() <= kTokenBytesMax && std::ranges::all_of(text, [](char c) {
    return base::is_alpha(c) || base::is_digit(c) || c == '-' || c == '_';
  });
}

class Challenge final : public http::Service {
 public:
  explicit Challenge(const http::ChallengeSource& source) : source_(source) {}

  http::Flow handle(http::Exchange& exchange) override {
    const std::string_view path = exchange.request.path;
    if (!path.starts_with(kChallengePath)) return http::Flow::kNext;
    exchange.rule = "acme challenge";
    if (const auto answer = answer_to(path.substr(kChallengePath.size()))) {
      // RFC 8555 8.3: the example's media type; validators ignore it.
      exchange.response.fields.set(http::FieldId::kContentType, "application/octet-stream");
      exchange.response.body = exchange.make_text_body(exchange.arena().copy(*answer));
      exchange.respond();
    } else {
      exchange.refuse({.status = 404, .code = kUnknownChallenge, .reason = "no such ACME challenge is open"});
    }
    return http::Flow::kTaken;
  }

 private:
  std::optional<std::string> answer_to(std::string_view token) const {
    return is_token(token) ? source_.answer(token) : std::nullopt;
  }

  const http::ChallengeSource& source_;
};

// RFC 3986 3.2.2: an IPv6 address stands in brackets.
std::string_view url_host(const http::Request& request, base::Arena& arena) {
  const bool is_ipv6 = request.host.contains(':');
  const auto host = is_ipv6 ? http::join(arena, {"[", request.host, "]"}) : request.host;
  return http::percent_encoded(host, http::UrlPart::kUrl, arena);
}

class HttpsRedirect final : public http::Service {
 public:
  explicit HttpsRedirect(std::string_view port) : port_(port) {}

  http::Flow handle(http::Exchange& exchange) override {
    const http::Request& request = exchange.request;
    exchange.rule = "https redirect";
    if (request.host.empty()) {
      exchange.refuse({.status = 400, .code = kHostMissing, .reason = "no Host to redirect to HTTPS"});
      return http::Flow::kTaken;
    }
    base::Arena& arena = exchange.arena();
    // "OPTIONS *" has no path of its own.
    const auto raw_path = request.raw_path.starts_with('/') ? request.raw_path : std::string_view("/");
    const auto path = http::percent_encoded(raw_path, http::UrlPart::kUrl, arena);
    const auto query = http::percent_encoded(request.query, http::UrlPart::kUrl, arena);
    const std::string_view question_mark = request.has_query ? "?" : "";
    exchange.response.status = 308;
    exchange.response.fields.set(http::FieldId::kLocation, http::join(arena, {"https://", url_host(request, arena),
                                                                              port_, path, question_mark, query}));
    exchange.respond();
    return http::Flow::kTaken;
  }

 private:
  std::string_view port_;
};

}  // namespace

std::unique_ptr<http::Service> ChallengePlan::build(const http::ServiceEnvironment&) const {
  return std::make_unique<Challenge>(source_);
}

HttpsRedirectPlan::HttpsRedirectPlan(std::uint16_t https_port)
    : port_(https_port == kHttpsPort ? "" : fmt::format(":{}", https_port)) {}

std::unique_ptr<http::Service> HttpsRedirectPlan::build(const http::ServiceEnvironment&) const {
  return std::make_unique<HttpsRedirect>(port_);
}

}  // namespace gate::https_redirect

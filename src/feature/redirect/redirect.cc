#include "feature/redirect/redirect.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "feature/redirect/codes.h"
#include "http/exchange.h"

namespace gate::redirect {
namespace {

std::unexpected<base::Error> refusal(std::string why) {
  return base::fail({.code = kUnsafeTarget, .side = base::Side::kConfiguration, .what = std::move(why)});
}

// What follows the scheme of an absolute URL, or nothing.
std::optional<std::string_view> behind_scheme(std::string_view target) {
  for (const std::string_view scheme : {"https://", "http://", "{scheme}://"}) {
    if (target.starts_with(scheme)) return target.substr(scheme.size());
  }
  return std::nullopt;
}

// Checks the authority of an absolute URL: only {host} may come from the request. {path} and {uri} begin with "/" and
// so end it.
base::Result<> check_authority(std::string_view rest) {
  const std::size_t end = std::min({rest.find_first_of("/?#"), rest.find("{path}"), rest.find("{uri}"), rest.size()});
  std::string_view authority = rest.substr(0, end);
  if (authority.empty()) return refusal("a URL needs a host");
  if (authority.contains('@')) return refusal("what stands before \"@\" is not the host; leave it out");
  for (auto at = authority.find('{'); at != authority.npos; at = authority.find('{')) {
    authority.remove_prefix(at);
    if (!authority.starts_with("{host}")) {
      return refusal(
          "in the host of a target only {host} may be used: another value would let clients choose the host");
    }
    authority.remove_prefix(1);
  }
  return {};
}

bool is_slash(char c) { return c == '/' || c == '\\'; }

// Browsers read "//evil.example" and "/\evil.example" as another host; a path has one slash in front.
std::string_view with_one_slash(std::string_view path) {
  while (path.size() > 1 && is_slash(path[1])) path.remove_prefix(1);
  return path;
}

}  // namespace

class RedirectPlan::Redirect final : public http::Service {
 public:
  explicit Redirect(const RedirectPlan& plan) : plan_(plan) {}

  http::Flow handle(http::Exchange& exchange) override {
    const std::string_view location = plan_.target_.expand(exchange);
    exchange.response.status = plan_.status_;
    exchange.response.fields.set(http::FieldId::kLocation, plan_.on_this_host_ ? with_one_slash(location) : location);
    exchange.respond();
    return http::Flow::kTaken;
  }

 private:
  const RedirectPlan& plan_;
};

RedirectPlan::RedirectPlan(http::TextTemplate target, bool on_this_host, std::uint16_t status)
    : target_(std::move(target)), on_this_host_(on_this_host), status_(status) {}

base::Result<std::unique_ptr<const RedirectPlan>> RedirectPlan::create(std::string_view target, std::uint16_t status) {
  const auto rest = behind_scheme(target);
  const bool is_path = target.starts_with('/') || target.starts_with("{path}") || target.starts_with("{uri}");
  if (!rest && !is_path) return refusal("a target is a path from \"/\" or a URL such as https://example.com/");
  if (target.starts_with("//")) return refusal("write the scheme: https://…");
  if (rest) GATE_TRY(check_authority(*rest));
  GATE_TRY_ASSIGN(auto compiled, http::TextTemplate::compile(target, http::TextTemplate::For::kUrl));
  return std::unique_ptr<const RedirectPlan>(
      std::make_unique<RedirectPlan>(RedirectPlan(std::move(compiled), is_path, status)));
}

std::unique_ptr<http::Service> RedirectPlan::build(const http::ServiceEnvironment&) const {
  return std::make_unique<Redirect>(*this);
}

}  // namespace gate::redirect

#include "feature/rewrite/rewrite.h"

#include <algorithm>
#include <utility>

#include "feature/rewrite/codes.h"
#include "http/arena_text.h"
#include "http/characters.h"
#include "http/exchange.h"
#include "http/request_rules.h"
#include "http/url_text.h"

namespace gate::rewrite {
namespace {

std::unexpected<base::Error> refusal(std::string why) {
  return base::fail({.code = kBadRewrite, .side = base::Side::kConfiguration, .what = std::move(why)});
}

base::Result<std::string> checked_prefix(std::string_view prefix) {
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  if (!prefix.starts_with('/')) return refusal("a prefix is a path from \"/\", such as /api");
  if (prefix.find_first_of("?#*") != prefix.npos) return refusal("a prefix holds no query and no star");
  return std::string(prefix);
}

std::string_view with_query(const http::Request& request, std::string_view raw_path, base::Arena& arena) {
  return request.has_query ? http::join(arena, {raw_path, "?", request.query}) : raw_path;
}

// The new target, or an empty one when the request stays as it is.
std::string_view changed(const Replace& change, http::Exchange& exchange) {
  const std::string_view to = change.to.expand(exchange);
  return change.sets_query ? to : with_query(exchange.request, to, exchange.arena());
}

std::string_view changed(const StripPrefix& change, http::Exchange& exchange) {
  std::string_view path = exchange.request.path;
  if (!path.starts_with(change.prefix)) return {};
  path.remove_prefix(change.prefix.size());
  if (path.empty()) path = "/";
  if (path[0] != '/') return {};
  const auto raw_path = http::percent_encoded(path, http::UrlPart::kPath, exchange.arena());
  return with_query(exchange.request, raw_path, exchange.arena());
}

std::string_view changed(const AddPrefix& change, http::Exchange& exchange) {
  const auto raw_path = http::join(exchange.arena(), {change.prefix, exchange.request.raw_path});
  return with_query(exchange.request, raw_path, exchange.arena());
}

class Rewrite final : public http::Service {
 public:
  explicit Rewrite(const Change& change) : change_(change) {}

  http::Flow handle(http::Exchange& exchange) override {
    http::Request& request = exchange.request;
    if (!request.path.starts_with('/')) return http::Flow::kNext;  // "OPTIONS *"
    const auto target = std::visit([&exchange](const auto& change) { return changed(change, exchange); }, change_);
    if (target.empty()) return http::Flow::kNext;
    const std::string_view as_sent = request.target;
    const auto fault = http::set_target(request, target, exchange.arena());
    request.target = as_sent;
    if (!fault) return http::Flow::kNext;
    exchange.refuse(http::answer_to(*fault));
    return http::Flow::kTaken;
  }

 private:
  const Change& change_;
};

}  // namespace

base::Result<Change> replace_by(std::string_view to) {
  const bool is_path = to.starts_with('/') || to.starts_with("{path}") || to.starts_with("{uri}");
  if (!is_path || to.starts_with("//")) return refusal("the new path begins with one \"/\"");
  if (to.contains('#')) return refusal("a path holds no fragment");
  GATE_TRY_ASSIGN(auto compiled, http::TextTemplate::compile(to, http::TextTemplate::For::kUrl));
  return Replace{std::move(compiled), to.contains('?') || to.contains("{uri}")};
}

base::Result<Change> strip_prefix(std::string_view prefix) {
  GATE_TRY_ASSIGN(auto checked, checked_prefix(prefix));
  return StripPrefix{std::move(checked)};
}

base::Result<Change> add_prefix(std::string_view prefix) {
  GATE_TRY_ASSIGN(auto checked, checked_prefix(prefix));
  const auto stands_in_url = [](char c) { return http::is_in(http::kUrlCharacters, c); };
  if (!std::ranges::all_of(checked, stands_in_url)) return refusal("write characters such as blanks percent-encoded");
  return AddPrefix{std::move(checked)};
}

RewritePlan::RewritePlan(Change change) : change_(std::move(change)) {}

std::unique_ptr<http::Service> RewritePlan::build(const http::ServiceEnvironment&) const {
  return std::make_unique<Rewrite>(change_);
}

}  // namespace gate::rewrite

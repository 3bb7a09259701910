#include "acme/request.h"

#include <fmt/format.h>

#include <algorithm>

#include "acme/codes.h"
#include "base/text.h"
#include "jose/jws.h"

namespace gate::acme {
namespace {

constexpr std::string_view kProblemType = "application/problem+json";

std::string_view media_type_of(const client::FetchResponse& response) {
  const std::string_view value = response.field("content-type").value_or("");
  return base::trimmed(value.substr(0, value.find(';')));
}

bool is_nonce(std::string_view text) {
  const auto fits = [](char c) { return base::is_alpha(c) || base::is_digit(c) || c == '-' || c == '_'; };
  constexpr std::size_t kBytesMax = 512;
  return !text.empty() && text.size() <= kBytesMax && std::ranges::all_of(text, fits);
}

// "<https://ca/cert/1/alt>;rel=\"alternate\"": the target of one link, where it has that relation (RFC 8288 3).
std::optional<std::string_view> alternate_of(std::string_view link) {
  link = base::trimmed(link);
  const auto end = link.find('>');
  if (!link.starts_with('<') || end == std::string_view::npos) return std::nullopt;
  const std::string parameters = base::lowered(link.substr(end + 1));
  if (!parameters.contains("rel=\"alternate\"") && !parameters.contains("rel=alternate")) return std::nullopt;
  return link.substr(1, end - 1);
}

// Commas part links, but may stand inside of a target too.
void add_alternates(std::string_view value, std::vector<std::string>& into) {
  while (!value.empty() && into.size() < kListMax) {
    const auto target_end = std::min(value.find('>'), value.size());
    const auto end = std::min(value.find(',', target_end), value.size());
    if (const auto found = alternate_of(value.substr(0, end))) into.emplace_back(*found);
    value.remove_prefix(std::min(end + 1, value.size()));
  }
}

Failure bad_answer(std::string_view what, std::string why) {
  return unreachable({.code = kBadAnswer,
                      .side = base::Side::kUpstream,
                      .retry = base::Retry::kLater,
                      .what = fmt::format("the certificate authority's answer to {} makes no sense", what),
                      .why = std::move(why),
                      .fix = "is the URL in the acme block that of its directory?"});
}

}  // namespace

void Request::get(Demand demand, Done done) {
  demand_ = std::move(demand);
  signer_.reset();
  done_ = std::move(done);
  fetch_.start(fetch_request("GET", demand_.url), [this](auto response) { received(std::move(response)); });
}

void Request::post(Demand demand, std::string payload, Signer signer, Done done) {
  demand_ = std::move(demand);
  payload_ = std::move(payload);
  signer_.emplace(std::move(signer));
  done_ = std::move(done);
  tries_ = 0;
  if (channel_.nonces.empty()) {
    fetch_nonce();
  } else {
    send();
  }
}

client::FetchRequest Request::fetch_request(std::string_view method, const std::string& url) const {
  return {.method = std::string(method),
          .url = url,
          .fields = {{"accept",
                      demand_.media_type.empty() ? "*/*" : demand_.media_type + ", " + std::string(kProblemType)}},
          .body = {},
          .deadline = channel_.deadline,
          .response_bytes_max = kMessageBytesMax};
}

void Request::fetch_nonce() {
  fetch_.start(fetch_request("HEAD", channel_.new_nonce), [this](auto response) {
    if (!response) return conclude(judge(std::move(response)));
    take_nonce(*response);
    if (channel_.nonces.empty()) {
      return conclude(std::unexpected(
          bad_answer("a request for a nonce", fmt::format("it has none; its status is {}", response->status))));
    }
    send();
  });
}

void Request::send() {
  jose::JwsHeader header{.url = demand_.url, .nonce = channel_.nonces.back(), .key_id = signer_->key_id, .jwk = {}};
  channel_.nonces.pop_back();
  if (signer_->key_id.empty()) {
    const auto key = jose::PublicKey::of(signer_->key);
    if (key) header.jwk = key->to_jwk();
  }
  auto message = jose::sign(signer_->key, header, payload_);
  auto request = fetch_request("POST", demand_.url);
  request.fields.emplace_back("content-type", "application/jose+json");
  // A key that cannot sign is refused where it is read.
  if (message) request.body = *std::move(message);
  fetch_.start(std::move(request), [this](auto response) { received(std::move(response)); });
}

void Request::take_nonce(const client::FetchResponse& response) {
  const auto nonce = response.field("replay-nonce");
  if (!nonce || !is_nonce(*nonce)) return;
  if (channel_.nonces.size() == Channel::kNoncesMax) channel_.nonces.erase(channel_.nonces.begin());
  channel_.nonces.emplace_back(*nonce);
}

void Request::received(base::Result<client::FetchResponse> response) {
  if (response) take_nonce(*response);
  auto outcome = judge(std::move(response));
  // RFC 8555 6.5: "[...] the client SHOULD retry the request. [...] a server MUST include a Replay-Nonce header field
  // with a fresh nonce": what was kept from before is likely as stale.
  const bool stale = !outcome && outcome.error().problem == "badNonce";
  if (!stale || !signer_ || ++tries_ == kNonceTriesMax) return conclude(std::move(outcome));
  if (channel_.nonces.size() > 1) channel_.nonces.erase(channel_.nonces.begin(), channel_.nonces.end() - 1);
  if (channel_.nonces.empty()) return fetch_nonce();
  send();
}

Outcome<Answer> Request::judge(base::Result<client::FetchResponse> response) {
  if (!response) {
    base::Error error = std::move(response).error();
    error.what = fmt::format("the certificate authority cannot be reached: {}", error.what);
    error.code = kUnreachable;
    error.fix = "it is tried again by itself; the old certificate serves on";
    return std::unexpected(unreachable(std::move(error)));
  }
  constexpr std::uint16_t kErrors = 400;
  if (response->status >= kErrors) return std::unexpected(judge_problem(*response));
  return judge_success(*response);
}

Failure Request::judge_problem(const client::FetchResponse& response) const {
  std::optional<base::WallTime> again_at;
  if (const auto text = response.field("retry-after"))
    again_at = parse_retry_after(*text, channel_.context.loop().wall());
  if (media_type_of(response) == kProblemType) {
    if (const auto problem = Problem::parse(response.body)) {
      return failure_of(*problem, response.status, demand_.what, again_at);
    }
  }
  const Problem none{.type = "", .detail = fmt::format("status {}, and no reason", response.status)};
  Failure failure = failure_of(none, response.status, demand_.what, again_at);
  constexpr std::uint16_t kServerErrors = 500;
  failure.error.code = response.status >= kServerErrors ? kAuthorityFailed : kBadAnswer;
  return failure;
}

Outcome<Answer> Request::judge_success(const client::FetchResponse& response) const {
  constexpr std::uint16_t kRedirections = 300;
  if (response.status < 200 || response.status >= kRedirections) {
    return std::unexpected(bad_answer(demand_.what, fmt::format("its status is {}", response.status)));
  }
  if (!demand_.media_type.empty() && media_type_of(response) != demand_.media_type) {
    return std::unexpected(
        bad_answer(demand_.what, fmt::format("it should be {} and is {}", demand_.media_type,
                                             media_type_of(response).empty() ? "untyped" : media_type_of(response))));
  }
  Answer answer{.status = response.status, .body = response.body, .location = {}, .alternates = {}, .again_at = {}};
  for (const auto& [name, value] : response.fields) {
    if (name == "link") add_alternates(value, answer.alternates);
  }
  if (const auto location = response.field("location")) {
    const auto url = response.url.resolve(*location);
    if (url) answer.location = url->to_string();
  }
  if (const auto text = response.field("retry-after"))
    answer.again_at = parse_retry_after(*text, channel_.context.loop().wall());
  return answer;
}

void Request::conclude(Outcome<Answer> outcome) {
  const Done done = std::exchange(done_, nullptr);
  done(std::move(outcome));
}

}  // namespace gate::acme

#include "client/fetch.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/text.h"
#include "client/codes.h"
#include "http/characters.h"

namespace gate::client {
namespace {

constexpr std::string_view kUserAgent = "gate443";

PoolSettings pool_settings(const Url& url, const std::shared_ptr<const cert::Roots>& roots) {
  PoolSettings settings;
  settings.address = url.server;
  settings.roots = roots;
  // The programs that hear of our fetches are few: a queue would only hide that one of them hangs.
  settings.connections_max = 16;
  settings.waiting_max = 256;
  settings.waiting_timeout = std::chrono::minutes(2);
  return settings;
}

PoolUse pool_for(Context& context, const Url& url, const std::shared_ptr<const cert::Roots>& roots) {
  const auto settings = pool_settings(url, roots);
  return context.pool(fmt::format("fetch {} {}", url.server.to_string(), fmt::ptr(roots.get())), settings);
}

bool is_redirect(std::uint16_t status) {
  constexpr std::array<std::uint16_t, 5> kRedirects{301, 302, 303, 307, 308};
  return std::ranges::find(kRedirects, status) != kRedirects.end();
}

// Values come from configurations and files too: a line break would begin another field (RFC 9110 5.5).
bool is_well_formed(const std::pair<std::string, std::string>& field) {
  const auto& [name, value] = field;
  return !name.empty() && std::ranges::all_of(name, [](char c) { return http::is_in(http::kTokenCharacters, c); }) &&
         std::ranges::all_of(value, [](char c) { return http::is_in(http::kValueCharacters, c); });
}

// What another server than the one it was meant for must not see.
bool is_for_one_server(std::string_view name) { return name == "authorization" || name == "cookie"; }

// The request's body: a text that is there as a whole.
class TextBody final : public http::BodySource {
 public:
  explicit TextBody(std::string_view text) : text_(text) {}
  http::BodyRead read(std::span<std::byte> into) override {
    const auto rest = base::as_bytes(text_).subspan(at_);
    const std::size_t count = std::min(into.size(), rest.size());
    base::copy_bytes(into, rest.first(count));
    at_ += count;
    return {at_ == text_.size() ? http::BodyRead::State::kEnd : http::BodyRead::State::kData, count};
  }
  std::optional<std::uint64_t> length() const override { return text_.size(); }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::optional<std::string_view> FetchResponse::field(std::string_view name) const {
  const auto found = std::ranges::find(fields, name, &std::pair<std::string, std::string>::first);
  return found == fields.end() ? std::nullopt : std::optional<std::string_view>(found->second);
}

// One request to one server. The call goes before the pool that carries it.
struct Fetch::Question {
  Question(Fetch& fetch, std::string_view text) : arena(fetch.blocks_), fields(arena), body(text), call(arena, fetch) {}
  PoolUse pool;
  base::Arena arena;
  http::FieldList fields;
  TextBody body;
  std::string authority;
  http::Call call;
  std::string content;
};

Fetch::Fetch(Context& context, std::shared_ptr<const cert::Roots> roots)
    : context_(context), roots_(std::move(roots)) {}

Fetch::~Fetch() = default;

base::Result<PoolUse> Fetch::keep_connections(Context& context, std::string_view url,
                                              const std::shared_ptr<const cert::Roots>& roots) {
  GATE_TRY_ASSIGN(const Url parsed, Url::parse(url));
  return pool_for(context, parsed, roots);
}

void Fetch::start(FetchRequest request, Done done) {
  GATE_CHECK(!under_way());
  request_ = std::move(request);
  done_ = std::move(done);
  redirects_ = 0;
  outcome_.reset();
  auto url = Url::parse(request_.url);
  if (!url) {
    outcome_ = std::unexpected(std::move(url).error());
    return context_.loop().schedule(*this);
  }
  url_ = *url;
  if (!std::ranges::all_of(request_.fields, is_well_formed)) {
    return fail(kFetchFailed, base::Retry::kNever, "a field of the request has characters that no field may have");
  }
  first_host_ = url->server.to_string();
  context_.loop().arm(*this, context_.loop().now() + request_.deadline);
  ask(*std::move(url));
}

void Fetch::ask(Url url) {
  url_ = std::move(url);
  question_ = std::make_unique<Question>(*this, request_.body);
  Question& question = *question_;
  question.pool = pool_for(context_, url_, roots_);
  question.authority = request_.host.empty() ? url_.server.authority() : request_.host;
  const bool elsewhere = url_.server.to_string() != first_host_;
  for (const auto& [name, value] : request_.fields) {
    if (!elsewhere || !is_for_one_server(name)) question.fields.add(name, value);
  }
  if (!question.fields.find(http::FieldId::kUserAgent)) question.fields.add(http::FieldId::kUserAgent, kUserAgent);
  http::Call::Request& asked = question.call.request;
  asked.method = http::to_method(request_.method);
  asked.method_text = request_.method;
  asked.scheme = url_.server.secure() ? "https" : "http";
  asked.authority = question.authority;
  asked.target = url_.target;
  asked.fields = &question.fields;
  asked.body_expected = asked.method != http::Method::kGet && asked.method != http::Method::kHead;
  if (!request_.body.empty()) asked.body = &question.body;
  question.call.body().set_waker(this);
  question.pool->start(question.call);
}

// Whoever tells is not to lose its call from within: what comes of it waits for the end of the turn.
void Fetch::responded(http::Call&) { context_.loop().schedule(*this); }

void Fetch::failed(http::Call&, const http::CallFailure& failure) {
  const bool again = failure.fault != http::CallFault::kTlsCertificateError;
  fail(kFetchFailed, again ? base::Retry::kLater : base::Retry::kNever,
       fmt::format("{} ({})", failure.reason, http::to_string(failure.fault)));
}

void Fetch::on_timer() {
  if (!under_way() || outcome_) return;
  fail(kFetchTimedOut, base::Retry::kLater,
       fmt::format("there was no complete answer within {} ms", request_.deadline.count()));
}

void Fetch::fail(base::ErrorCode code, base::Retry retry, std::string why) {
  outcome_ = base::fail({.code = code,
                         .side = base::Side::kUpstream,
                         .retry = retry,
                         .what = fmt::format("{} {} failed", request_.method, url_.to_string()),
                         .why = std::move(why)});
  context_.loop().schedule(*this);
}

void Fetch::on_turn_end() {
  if (!under_way()) return;
  if (!outcome_ && question_ && question_->call.responded()) read_body();
  if (outcome_) conclude();
}

void Fetch::read_body() {
  std::array<std::byte, 4096> piece;
  while (true) {
    const auto read = question_->call.body().read(piece);
    question_->content += base::as_text(std::span(piece).first(read.count));
    if (question_->content.size() > request_.response_bytes_max) {
      return fail(kFetchTooLarge, base::Retry::kNever,
                  fmt::format("the answer has more than {} bytes", request_.response_bytes_max));
    }
    switch (read.state) {
      case http::BodyRead::State::kData: continue;
      case http::BodyRead::State::kWait: return;
      case http::BodyRead::State::kEnd: return take_response();
      case http::BodyRead::State::kFailed: {
        const auto& failure = question_->call.failure();
        return fail(kFetchFailed, base::Retry::kLater,
                    failure ? std::string(failure->reason) : "the answer ended before its end");
      }
    }
  }
}

void Fetch::take_response() {
  FetchResponse response{.status = question_->call.response.status, .fields = {}, .body = {}, .url = url_};
  for (const auto& field : question_->call.response.fields) response.fields.emplace_back(field.name, field.value);
  response.body = std::move(question_->content);
  auto next = redirect(response);
  if (!next) {
    outcome_ = std::move(response);
  } else if (!*next) {
    fail(kFetchFailed, base::Retry::kNever, next->error().why);
  } else {
    ++redirects_;
    ask(**std::move(next));
  }
}

// Where the response sends us; nothing: it is the answer.
std::optional<base::Result<Url>> Fetch::redirect(const FetchResponse& response) const {
  const auto location = response.field("location");
  const bool may_follow = request_.redirects_max > 0 && (request_.method == "GET" || request_.method == "HEAD");
  if (!may_follow || !is_redirect(response.status) || !location) return std::nullopt;
  const auto refuse = [](std::string why) -> base::Result<Url> {
    return base::fail({.code = kFetchFailed, .side = base::Side::kUpstream, .what = {}, .why = std::move(why)});
  };
  if (redirects_ == request_.redirects_max) return refuse("it redirects again and again");
  auto url = url_.resolve(*location);
  if (!url) return refuse(fmt::format("it redirects to what is no URL: {}", url.error().why));
  if (url_.server.secure() && !url->server.secure()) return refuse("it redirects to where there is no encryption");
  return url;
}

// The last thing is to tell: that may destroy the fetch.
void Fetch::conclude() {
  question_.reset();
  auto outcome = *std::exchange(outcome_, std::nullopt);
  const Done done = std::exchange(done_, nullptr);
  done(std::move(outcome));
}

}  // namespace gate::client
